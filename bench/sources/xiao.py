"A session of Xiao: a raster of 6,000,000 ms x 92 units, bytes."
import numpy as np

FILE = 'sub-Pa/sub-Pa_ses-20000101_ecephys.nwb'


def make(path):
    import h5py
    rng = np.random.default_rng(0)
    with h5py.File(path, 'w') as file:
        data = file.create_dataset('processing/ecephys/rasters/data', (6_000_000, 92), 'uint8')
        for start in range(0, 6_000_000, 100_000): data[start:start+100_000] = rng.random((100_000, 92), dtype=np.float32) < 0.01


def loop(raster):
    counts = np.zeros((raster.shape[1], len(raster)//20), dtype=np.uint8)
    for k in range(counts.shape[1]): counts[:, k] = raster[k*20:(k + 1)*20].sum(axis=0)
    return counts


def from_file(path):
    import h5py
    with h5py.File(path) as file: return loop(file['processing/ecephys/rasters/data'])


def in_memory(path):
    import h5py
    with h5py.File(path) as file: return loop(file['processing/ecephys/rasters/data'][:])


PLAIN = {'a Python loop over bins, each read from the file and summed': from_file, 'the whole raster loaded first, then a Python loop over bins': in_memory}
