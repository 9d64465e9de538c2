import os
import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp

import pytest

# before anything imports datasets, and inherited by every notebook and command the tests start
os.environ['HF_HOME'] = mkdtemp(prefix='neuralpile-test-')
os.environ['HF_DATASETS_DISABLE_PROGRESS_BARS'] = '1'

RECORDINGS = Path(__file__).parents[2]/'shared'/'samples'


@pytest.fixture(scope='session')
def recordings():
    "Folder of real recordings, beside the checkout; they are not part of the project."
    if not RECORDINGS.is_dir(): pytest.skip('no real recordings in ../shared/samples')
    return RECORDINGS


@pytest.fixture
def command():
    "Run an installed command; its result has returncode, stdout and stderr."
    def run(*arguments, cwd, env=()):
        arguments = [str(Path(sys.executable).parent/arguments[0]), *map(str, arguments[1:])]
        return subprocess.run(arguments, cwd=cwd, capture_output=True, text=True, timeout=300, env={**os.environ, **dict(env)})
    return run


@pytest.fixture
def rows():
    "Rows of a built dataset, as `load_dataset` gives them."
    from datasets import load_dataset
    return lambda folder, name=None: load_dataset(str(folder), *([name] if name else []), split='train')
