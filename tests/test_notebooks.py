"Every notebook runs from top to bottom, and shows what it shows in the repository."
import nbformat
import pytest
from notebooks import ROOT, all_notebooks, execute, texts


@pytest.mark.parametrize('path', all_notebooks(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_notebook(path):
    shown, stored = texts(execute(path)), texts(nbformat.read(path, 4))
    assert shown == stored, 'outputs are not those of a fresh run: python tests/refresh.py'
