"""Benchmarks: neuralpile beside the plain way to do the same, in one run, each in a process of its own. `python bench/run.py` writes `bench/results.md`.

A row is a class with `make(path)`, which writes the input once, and the two ways to read it; both return the same counts.
"""
import json
import platform
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np


def made_once(path, make):
    "A file of input data; it gets its name when it is whole."
    if not path.exists():
        make(path.with_suffix('.part'))
        path.with_suffix('.part').rename(path)
    return path


class Units:
    name = 'spike times, NWB units table: 1 h, 300 units, 6.5 million spikes'
    plain_name = '`units.to_dataframe()`, then `np.histogram` for each unit'

    def make(path):
        from neuralpile.formats import write_nwb_units
        rng = np.random.default_rng(0)
        write_nwb_units(path, [np.sort(rng.integers(0, 3600*30_000, 21_667))/30_000 for _ in range(300)])

    def ours(path):
        from neuralpile.formats import read_nwb_units
        return read_nwb_units(path, published=True).counts()

    def plain(path):
        from pynwb import NWBHDF5IO
        with NWBHDF5IO(str(path), 'r') as io:
            spike_times = io.read().units.to_dataframe().spike_times
            edges = np.arange(0, max(times.max() for times in spike_times) + 0.02, 0.02)
            return np.array([np.histogram(times, bins=edges)[0] for times in spike_times]).astype(np.uint8)


class Raster:
    name = 'raster, NWB matrix: 6,000,000 ms x 92 units, bytes'
    plain_name = 'a Python loop over bins, each read from the file and summed'

    def make(path):
        import h5py
        rng = np.random.default_rng(0)
        with h5py.File(path, 'w') as file:
            data = file.create_dataset('processing/ecephys/rasters/data', (6_000_000, 92), 'uint8')
            for start in range(0, 6_000_000, 100_000): data[start:start+100_000] = rng.random((100_000, 92), dtype=np.float32) < 0.01

    def ours(path):
        from neuralpile.formats import read_nwb_matrix
        return read_nwb_matrix(path, data='processing/ecephys/rasters', rate=1000).counts()

    def plain(path):
        import h5py
        with h5py.File(path) as file: return Raster.loop(file['processing/ecephys/rasters/data'])

    def loop(raster):
        counts = np.zeros((raster.shape[1], len(raster)//20), dtype=np.uint8)
        for k in range(counts.shape[1]): counts[:, k] = raster[k*20:(k + 1)*20].sum(axis=0)
        return counts


class RasterInMemory(Raster):
    name = 'the same raster'
    plain_name = 'the whole raster loaded first, then a Python loop over bins'

    def plain(path):
        import h5py
        with h5py.File(path) as file: return Raster.loop(file['processing/ecephys/rasters/data'][:])


BENCHMARKS = {'units': Units, 'raster': Raster, 'raster-in-memory': RasterInMemory}


def peak_bytes():
    "Largest resident memory of this process so far."
    if Path('/proc/self/status').exists(): return int(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1])*1024
    import resource
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measure(key, way, path):
    "Run one way once, in this process: seconds, tokens, a digest, and the memory it took above the libraries and the result."
    import hashlib
    import h5py, pynwb, neuralpile.formats # loaded by both ways, and not what is measured
    before, began = peak_bytes(), time.perf_counter()
    counts = getattr(BENCHMARKS[key], way)(Path(path))
    seconds = time.perf_counter() - began
    return dict(seconds=seconds, tokens=counts.size, memory=peak_bytes() - before - counts.nbytes, digest=hashlib.sha256(counts.tobytes()).hexdigest())


def best(key, way, path, runs):
    "The fastest of several runs, each in a fresh process."
    results = [json.loads(subprocess.run([sys.executable, '-W', 'ignore', __file__, key, way, str(path)], check=True, capture_output=True, text=True).stdout) for _ in range(runs)]
    return min(results, key=lambda result: result['seconds'])


def table(folder):
    lines = ['| what | neuralpile | memory | plain way | | memory | ratio |', '|:--|--:|--:|:--|--:|--:|--:|']
    for key, benchmark in BENCHMARKS.items():
        path = made_once(folder/f'{benchmark.make.__qualname__.split(".")[0].lower()}.nwb', benchmark.make)
        plain, ours = best(key, 'plain', path, 2), best(key, 'ours', path, 3)
        if plain['digest'] != ours['digest']: raise SystemExit(f'{key}: the two ways do not agree')
        ratio = plain['seconds']/ours['seconds']
        lines.append(f"| {benchmark.name} | {ours['seconds']:.2f} s, {ours['tokens']/ours['seconds']/1e6:,.0f} M tokens/s | {ours['memory']/1e6:,.0f} MB | {benchmark.plain_name} | {plain['seconds']:.2f} s | {plain['memory']/1e6:,.0f} MB | 1/{ratio:.0f} |")
    return lines


if __name__ == '__main__':
    if len(sys.argv) == 4:
        print(json.dumps(measure(*sys.argv[1:])))
        sys.exit()
    with TemporaryDirectory() as folder: lines = table(Path(folder))
    text = f"""# Benchmarks

Each way in a process of its own, side by side in one run; the best of three runs of neuralpile and of two of the plain way. Memory is the peak above the loaded libraries and the result. Both ways give the same
counts, which is checked. Python {platform.python_version()}, numpy {np.__version__}, {platform.machine()}. `python bench/run.py` makes this table again.

""" + '\n'.join(lines) + '\n'
    (Path(__file__).parent/'results.md').write_text(text, encoding='utf-8')
    print(text)
