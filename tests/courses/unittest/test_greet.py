import importlib.util
import io
import runpy
import subprocess
import sys
import unittest
from contextlib import redirect_stdout
from unittest.mock import patch


class GreetTest(unittest.TestCase):
    def setUp(self):
        sys.modules.pop("greet", None)

    @patch("builtins.input", return_value="Ann")
    def test_imported(self, asked):
        with redirect_stdout(io.StringIO()) as out:
            import greet

            self.assertEqual(greet.name, "Ann")
            importlib.reload(greet)
        self.assertEqual(out.getvalue().count("Hello, Ann!"), 2)
        self.assertEqual(asked.call_count, 2)

    @patch("builtins.input", side_effect=["Ada", "Eve"])
    def test_loaded_by_its_path(self, _):
        names = []
        for _ in range(2):
            spec = importlib.util.spec_from_file_location("greet", "greet.py")
            module = importlib.util.module_from_spec(spec)
            with redirect_stdout(io.StringIO()):
                spec.loader.exec_module(module)
            names.append(module.name)
        self.assertEqual(names, ["Ada", "Eve"])
        with self.assertRaises(StopIteration):
            spec.loader.exec_module(module)

    @patch("sys.stdin", io.StringIO("Bob\n"))
    def test_as_a_path(self):
        with redirect_stdout(io.StringIO()) as out:
            self.assertEqual(runpy.run_path("greet.py")["name"], "Bob")
        self.assertTrue(out.getvalue().endswith("Bye!\n"))

    def test_as_a_program(self):
        done = subprocess.run(
            [sys.executable, "greet.py"], input="Eve\n", capture_output=True, text=True, check=True
        )
        self.assertIn("Hello, Eve!\n", done.stdout)
        done = subprocess.run(["python", "greet.py"], input="\n", capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (1, "Nobody is there.\n"))
