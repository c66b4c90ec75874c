"""What array code is written with: functions that are taken for one another, and keywords."""

from __future__ import annotations

# Names in one group are taken for one another.
GROUPS = [
    each.split()
    for each in """
    sum mean max min prod
    amax amin
    argmax argmin
    nanmax max
    nanmin min
    nansum sum
    std var
    exp log log1p expm1
    log log2 log10
    logaddexp logaddexp2
    sqrt square abs
    sum cumsum
    prod cumprod
    cumsum cumprod
    maximum minimum fmax fmin
    zeros ones empty
    zeros_like ones_like empty_like
    new_zeros new_ones
    floor ceil round rint trunc
    any all
    sin cos tan
    sinh cosh tanh
    sigmoid tanh relu
    relu relu6 leaky_relu
    hstack vstack concatenate stack
    cat stack
    tril triu
    append extend
    insert append
    train eval
    softmax log_softmax
    sigmoid logsigmoid
    add subtract multiply divide
    dot matmul outer inner
    greater greater_equal less less_equal
    isfinite isnan isinf
    cross_entropy nll_loss
    mse_loss l1_loss
    binary_cross_entropy_with_logits binary_cross_entropy
    MSELoss L1Loss
    BCELoss BCEWithLogitsLoss
    CrossEntropyLoss NLLLoss
    Adam AdamW SGD
    normal uniform
    randn rand
    ReLU Tanh Sigmoid GELU SiLU
    repeat tile
    float32 float64
    int32 int64
    values items keys
    view reshape
    detach clone
    min max
    range enumerate
    clip minimum
    clip clamp
    maximum clip
    transpose permute
    clip maximum
    clamp_min clamp_max
    parameters buffers
    real imag
    logical_and logical_or logical_xor
    sort argsort
    dot multiply
    float16 float32
    float64 int64
    isclose allclose
    mean median
    sum prod
    full zeros
    eye ones
    sorted list reversed
    int round
    expand repeat
    squeeze unsqueeze
    matmul multiply
    logsumexp sum
    ravel flatten
    pop popleft
    floor_divide true_divide
    no_grad enable_grad
    step zero_grad
    ValueError TypeError IndexError KeyError RuntimeError
    """.strip().splitlines()
]

REDUCTIONS = set(
    "sum mean max min prod std var amax amin argmax argmin any all cumsum cumprod norm logsumexp "
    "nansum nanmean nanmax nanmin median softmax log_softmax".split()
)
KEEPING = REDUCTIONS - {"cumsum", "cumprod", "softmax", "log_softmax"}
ALONG_AXIS = REDUCTIONS | set(
    "stack concatenate cat sort argsort take take_along_axis repeat flip roll split expand_dims "
    "reduce accumulate squeeze unsqueeze diff normalize logaddexp gather unbind chunk topk unique "
    "array_split insert delete append layer_norm average count_nonzero quantile linspace".split()
)
# Of these, whole numbers that are given by their place are axes.
OF_AXES = set("swapaxes transpose permute moveaxis movedim rollaxis flatten size".split())
MAKES_ARRAYS = set(
    "array asarray zeros ones empty full arange linspace zeros_like ones_like empty_like full_like "
    "eye sum mean cumsum prod tensor as_tensor to rand randn new_zeros new_tensor astype "
    "fromiter ascontiguousarray std var exp softmax log_softmax identity frombuffer "
    "asanyarray view double".split()
)
UNIVERSAL = set(
    "exp log sqrt add subtract multiply divide maximum minimum abs square tanh matmul dot clip "
    "negative power sum true_divide log1p expm1 cumsum einsum zeros".split()
)
DTYPES = ("np.float64", "float", "torch.float64", "np.int64", "int", "bool", "torch.bool",
          "np.float32", "torch.float32", "torch.int64")  # fmt: skip
# Other keywords, with the values that are usually written, by the function's last name.
KEYWORDS: dict[str, list[str]] = {
    "std": ["ddof=1", "ddof=0", "unbiased=False", "correction=0"],
    "var": ["ddof=1", "ddof=0", "unbiased=False", "correction=0"],
    "sort": ["kind='stable'", "reverse=True", "descending=True", "stable=True"],
    "argsort": ["kind='stable'", "descending=True", "stable=True"],
    "sorted": ["reverse=True", "key=lambda pair: pair[1]", "key=lambda pair: -pair[1]",
               "key=len"],
    "max": ["initial=-np.inf", "default=0", "initial=0", "key=lambda pair: pair[1]"],
    "min": ["initial=np.inf", "default=0", "key=lambda pair: pair[1]"],
    "clamp": ["min=0", "min=1", "max=1", "min=1e-8", "min=eps"],
    "clip": ["min=0", "min=1", "max=1"],
    "sum": ["start=1", "initial=0"],
    "enumerate": ["start=1"],
    "zip": ["strict=True"],
    "split": ["maxsplit=1"],
    "array": ["copy=True", "ndmin=2", "ndmin=1"],
    "astype": ["copy=False", "copy=True"],
    "meshgrid": ["indexing='ij'"],
    "searchsorted": ["side='right'", "side='left'", "right=True"],
    "bincount": ["minlength=2"],
    "unique": ["return_counts=True", "return_inverse=True"],
    "errstate": ["divide='ignore'", "over='ignore'", "invalid='ignore'", "all='ignore'",
                 "under='ignore'"],
    "nan_to_num": ["nan=0.0", "posinf=0.0"],
    "backward": ["retain_graph=True", "create_graph=True"],
    "grad": ["create_graph=True", "retain_graph=True", "allow_unused=True"],
    "zero_grad": ["set_to_none=True", "set_to_none=False"],
    "tensor": ["requires_grad=True"],
    "zeros": ["requires_grad=True"],
    "ones": ["requires_grad=True"],
    "zeros_like": ["requires_grad=True"],
    "as_tensor": ["dtype=torch.float64"],
    "Linear": ["bias=False"],
    "Parameter": ["requires_grad=False"],
    "cross_entropy": ["reduction='none'", "reduction='sum'", "ignore_index=-100"],
    "nll_loss": ["reduction='none'", "reduction='sum'"],
    "mse_loss": ["reduction='none'", "reduction='sum'"],
    "binary_cross_entropy_with_logits": ["reduction='none'", "reduction='sum'"],
    "kl_div": ["reduction='batchmean'", "reduction='sum'", "log_target=True"],
    "CrossEntropyLoss": ["reduction='none'", "reduction='sum'"],
    "BCEWithLogitsLoss": ["reduction='none'", "reduction='sum'"],
    "gelu": ["approximate='tanh'"],
    "GELU": ["approximate='tanh'"],
    "tril": ["diagonal=-1", "k=-1", "diagonal=1", "k=1"],
    "triu": ["diagonal=1", "k=1", "diagonal=-1", "k=-1"],
    "eye": ["k=1"],
    "topk": ["largest=False", "sorted=False"],
    "dropout": ["training=True", "training=training", "training=self.training"],
    "named_modules": ["remove_duplicate=False"],
    "parameters": ["recurse=False"],
    "named_parameters": ["recurse=False"],
    "clip_grad_norm_": ["error_if_nonfinite=False"],
    "scaled_dot_product_attention": ["is_causal=True"],
    "reshape": ["order='F'"],
    "ravel": ["order='F'", "order='K'"],
    "linspace": ["endpoint=False"],
    "isclose": ["equal_nan=True"],
    "sub": ["alpha=2"],
    "arange": ["step=2"],
    "LayerNorm": ["eps=1e-5", "eps=eps"],
    "layer_norm": ["eps=1e-5", "eps=eps"],
    "einsum": ["optimize=True"],
    "expand_dims": [],
    "repeat_interleave": ["dim=0", "dim=1", "dim=-2"],
    "int": ["base=2"],
    "encode": ["'utf-8'"],
    "decode": ["errors='replace'", "'utf-8'"],
    "named_buffers": ["recurse=False"],
    "manual_seed": [],
    "kaiming_normal_": ["nonlinearity='relu'"],
    "kaiming_uniform_": ["nonlinearity='relu'"],
}  # fmt: skip
# Keywords whose value is a variable.
VALUED = {
    "choice": ("p", "size"), "normal": ("size",), "uniform": ("size",), "full": ("fill_value",),
    "average": ("weights",), "bincount": ("weights", "minlength"), "sorted": ("key",),
    "max": ("key",), "min": ("key",), "layer_norm": ("weight", "bias"),
}  # fmt: skip
# A call around a value that is often forgotten, or one too many.
WRAPPERS = "np.sqrt np.exp np.log abs np.abs np.square float int np.sum sum len".split()
TORCH_WRAPPERS = "torch.sqrt torch.exp torch.log torch.abs float int torch.sum sum len".split()
STRIPPED = set(
    "sqrt exp log abs square copy detach item tolist float int double clone maximum minimum clip "
    "round sigmoid tanh softmax relu log1p expm1 reversed list asarray array contiguous flatten "
    "squeeze unsqueeze transpose conj mean sum max len sorted set astype clamp".split()
)
METHODS = (
    ".T .copy() .detach() .item() .clone() .mT .sum() .mean() .sqrt() .exp() .log() .abs() "
    ".square() .backward() .step() .zero_grad() .eval() .train() .numpy() .tolist() .lower()"
).split()
ARRAY_METHODS = (
    ".astype(float) .astype(int) .reshape(-1) .ravel() .squeeze() .any() .all() .max() .min()"
).split()
TENSOR_METHODS = (
    ".float() .double() .long() .reshape(-1) .flatten() .squeeze(-1) .unsqueeze(-1) .unsqueeze(0) "
    ".any() .all() .max() .min() .clamp(min=0) .clamp(max=1) .requires_grad_()"
).split()
# What stands between a value and the method that is called of it.
LINKS = ".T .mT .detach() .clone() .copy() .double() .float() .abs()".split()
SUBSCRIPTS = "[:, None] [None, :] [..., None] [0] [-1] [1:] [:-1] [::-1] [:, None, :] [()]".replace(
    "] [", "]|["
).split("|")
STRINGS = [
    each.split()
    for each in """
    mean sum none
    left right
    ij xy
    C F
    same valid full
    train eval test
    min max
    float32 float64
    tanh none
    """.strip().splitlines()
]
