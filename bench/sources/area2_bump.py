"A file of Area2-bump, longer than the real one: 2.2 h, 65 units, 6 million spikes, beside 180 MB of behaviour."
import numpy as np

FILE = 'sub-Han/sub-Han_desc-train_behavior+ecephys.nwb'


def make(path):
    import h5py
    from neuralpile.formats import write_nwb_units
    rng = np.random.default_rng(0)
    write_nwb_units(path, [np.sort(rng.integers(0, 8_000*30_000, 92_308))/30_000 for _ in range(65)], obs_intervals=[(2000.*part, 2000.*part + 1900) for part in range(4)])
    with h5py.File(path, 'r+') as file: file['processing/behavior/muscle_len/data'] = np.zeros((600_000, 39))


def histograms(path):
    import h5py
    with h5py.File(path) as file: times, ends = file['units/spike_times'][:], file['units/spike_times_index'][:].astype(int)
    edges = np.arange(0, times.max() + 0.02, 0.02)
    return np.array([np.histogram(times[start:end], bins=edges)[0] for start, end in zip(np.r_[0, ends], ends)]).astype(np.uint8)


PLAIN = {'spike times read by h5py, then `np.histogram` for each unit': histograms}
