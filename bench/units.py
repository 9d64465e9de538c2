"What benches of plain units tables share: a large table, and the plain way to count it."
import numpy as np


def write_table(path, n_units, seconds, n_spikes, table='units'):
    "A table of `n_units`, each of `n_spikes` uniform over `seconds` on a clock of 30 kHz."
    import h5py
    rng = np.random.default_rng(0)
    trains = [np.sort(rng.integers(0, seconds*30_000, n_spikes))/30_000 for _ in range(n_units)]
    with h5py.File(path, 'w') as file:
        file[f'{table}/id'] = np.arange(n_units)
        file[f'{table}/spike_times'] = np.concatenate(trains)
        file[f'{table}/spike_times_index'] = np.cumsum([len(train) for train in trains], dtype=np.uint32)


def histograms(path, table='units'):
    import h5py
    with h5py.File(path) as file: times, ends = file[f'{table}/spike_times'][:], file[f'{table}/spike_times_index'][:].astype(int)
    trains = np.split(times, ends[:-1])
    edges = np.arange(0, max(train.max() for train in trains) + 0.02, 0.02)
    return np.array([np.histogram(train, bins=edges)[0] for train in trains]).astype(np.uint8)


PLAIN = {'the times read by h5py, then `np.histogram` for each unit': histograms}
