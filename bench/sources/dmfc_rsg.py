"A file of DMFC-rsg, longer than the real one: 2.8 h, 54 units, 6 million spikes."
import numpy as np

FILE = 'sub-Haydn/sub-Haydn_desc-train_behavior+ecephys.nwb'


def make(path):
    from neuralpile.formats import write_nwb_units
    rng = np.random.default_rng(0)
    write_nwb_units(path, [np.sort(rng.integers(0, 10_000*30_000, 111_111))/30_000 for _ in range(54)], obs_intervals=[(1600.*part, 1600.*part + 1500) for part in range(6)])


def histograms(path):
    import h5py
    with h5py.File(path) as file: times, ends = file['units/spike_times'][:], file['units/spike_times_index'][:].astype(int)
    edges = np.arange(0, times.max() + 0.02, 0.02)
    return np.array([np.histogram(times[start:end], bins=edges)[0] for start, end in zip(np.r_[0, ends], ends)]).astype(np.uint8)


PLAIN = {'spike times read by h5py, then `np.histogram` for each unit': histograms}
