"""Benchmarks: neuralpile beside the plain way to do the same, in one run, each in a process of its own.

`python bench/run.py` writes `bench/results.md`; `python bench/run.py xiao card` shows some rows and writes nothing. Each source has a module in `bench/sources`: `make(path)` writes a large file in the source's
layout, whose place in the archive is `FILE`, and `PLAIN` holds the plain ways to count it, which give the same bytes as published mode.
"""
import hashlib
import importlib
import json
import platform
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

HERE = Path(__file__).parent


def module(key): return importlib.import_module(f'sources.{key.replace("-", "_")}')


def keys(): return sorted(path.stem.replace('_', '-') for path in (HERE/'sources').glob('*.py'))


def peak_bytes():
    "Largest resident memory of this process so far."
    if Path('/proc/self/status').exists(): return int(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1])*1024
    import resource
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measure(key, way, path):
    "Run one way once, in this process: seconds, tokens, a digest, and the memory it took above the libraries and the result."
    import h5py, pynwb, scipy.io # loaded by every way, and not what is measured
    from neuralpile.source import find_source
    source = find_source(key)
    run = (lambda path: source.session(path, published=True).counts()) if way == 'ours' else module(key).PLAIN[way]
    before, began = peak_bytes(), time.perf_counter()
    counts = run(Path(path))
    seconds = time.perf_counter() - began
    return dict(seconds=seconds, tokens=counts.size, memory=max(peak_bytes() - before - counts.nbytes, 0), digest=hashlib.sha256(np.ascontiguousarray(counts)).hexdigest())


def best(key, way, path, runs):
    "The fastest of several runs, each in a fresh process."
    results = [json.loads(subprocess.run([sys.executable, '-W', 'ignore', __file__, key, way, str(path)], check=True, capture_output=True, text=True).stdout) for _ in range(runs)]
    return min(results, key=lambda result: result['seconds'])


def rows(key):
    "The lines of the table for one source."
    with TemporaryDirectory() as folder:
        path = Path(folder)/module(key).FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        module(key).make(path)
        ours = best(key, 'ours', path, 3)
        for name in module(key).PLAIN:
            plain = best(key, name, path, 2)
            if plain['digest'] != ours['digest']: raise SystemExit(f'{key}: the two ways do not agree: {name}')
            yield f"| {key}: {module(key).__doc__.strip()} | {ours['seconds']:.2f} s, {ours['tokens']/ours['seconds']/1e6:,.0f} M tokens/s | {ours['memory']/1e6:,.0f} MB | {name} | {plain['seconds']:.2f} s | {plain['memory']/1e6:,.0f} MB | 1/{plain['seconds']/ours['seconds']:.2g} |"


if __name__ == '__main__':
    if len(sys.argv) == 4 and Path(sys.argv[3]).is_absolute():
        print(json.dumps(measure(*sys.argv[1:])))
        sys.exit()
    text = f"""# Benchmarks

Each way in a process of its own, side by side in one run; the best of three runs of neuralpile and of two of the plain way. Memory is the peak above the loaded libraries and the result. Both ways give the same
counts, which is checked. Python {platform.python_version()}, numpy {np.__version__}, {platform.machine()}. `python bench/run.py` makes this table again.

| what | neuralpile | memory | plain way | | memory | ratio |
|:--|--:|--:|:--|--:|--:|--:|
"""
    for key in sys.argv[1:] or keys():
        for line in rows(key):
            print(line, flush=True)
            text += line + '\n'
    if not sys.argv[1:]: (HERE/'results.md').write_text(text, encoding='utf-8')
