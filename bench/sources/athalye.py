"A session of Athalye: 800,000 rows at 200 Hz x 60 units, floats, summed by four."
import numpy as np

FILE = 'sub-monk-j/sub-monk-j_ses-session0.nwb'


def make(path):
    import h5py
    rng = np.random.default_rng(0)
    with h5py.File(path, 'w') as file:
        series = file.create_group('processing/behavior/spike_counts')
        series.create_dataset('starting_time', data=0.).attrs['rate'] = 200.
        data = series.create_dataset('data', (800_000, 60), 'float64')
        for start in range(0, 800_000, 100_000): data[start:start+100_000] = rng.poisson(0.1, (100_000, 60))
        file['processing/behavior/te_num/data'] = np.repeat(np.arange(8.), 100_000)


def loop(path):
    import h5py
    with h5py.File(path) as file: rows = file['processing/behavior/spike_counts/data'][:].astype(np.uint8)
    counts = np.zeros((rows.shape[1], len(rows)//4), dtype=np.uint8)
    for k in range(counts.shape[1]): counts[:, k] = rows[k*4:(k + 1)*4].sum(axis=0)
    return counts


def reshaped(path):
    import h5py
    with h5py.File(path) as file: rows = file['processing/behavior/spike_counts/data'][:].astype(np.uint8)
    return rows[:len(rows)//4*4].reshape(-1, 4, rows.shape[1]).sum(axis=1).astype(np.uint8).T


PLAIN = {'the matrix loaded and cast to bytes, then a Python loop over bins, not checked': loop, 'the matrix loaded and cast to bytes, reshaped and summed, not checked': reshaped}
