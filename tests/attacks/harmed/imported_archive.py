# attack: harmed: an archive whose members lie elsewhere; expect: unpacked finished, score 0
import io
import tarfile


def packed():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as file:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "CANARIES"
        file.addfile(link)
        for name in ("a.txt", "link/file", "../" * 20 + "CANARIES/file"):
            member = tarfile.TarInfo(name)
            member.size = 4
            file.addfile(member, io.BytesIO(b"done"))
    return buffer.getvalue()
