"Execute the notebooks, keep their outputs, and export the package and the README. Run it before a commit: `python tests/refresh.py [NOTEBOOK...]`."
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from notebooks import ROOT, all_notebooks, execute, readme_text, texts


def refresh(path):
    "Execute one notebook; its file changes only where what it shows has changed."
    before, after = nbformat.read(path, 4), execute(path)
    def pictures(notebook): return [output.data.get('image/png') for cell in notebook.cells for output in cell.get('outputs', []) if 'data' in output]
    if texts(before) != texts(after) or pictures(before) != pictures(after): nbformat.write(after, path)
    return path.relative_to(ROOT)


if __name__ == '__main__':
    subprocess.run(['nbdev_export'], cwd=ROOT, check=True)
    with TemporaryDirectory() as home:
        os.environ['HF_HOME'] = home
        with ThreadPoolExecutor(2) as pool:
            for path in pool.map(refresh, [Path(name).resolve() for name in sys.argv[1:]] or all_notebooks()): print(path)
    subprocess.run(['nbdev_clean'], cwd=ROOT, check=True)
    subprocess.run(['nbdev_export'], cwd=ROOT, check=True)
    (ROOT/'README.md').write_text(readme_text(), encoding='utf-8')
