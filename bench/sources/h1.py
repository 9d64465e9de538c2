"A block of H1, but of 1.5 h: 176 channels, 8 million spikes, some before zero."
import numpy as np

FILE = 'sub-HumanPitt-held-in-calib/sub-HumanPitt-held-in-calib_ses-19250101T111740.nwb'


def make(path):
    import h5py
    rng = np.random.default_rng(3)
    with h5py.File(path, 'w') as file:
        units = file.create_group('units')
        units['id'] = np.arange(176)
        units['spike_times'] = np.concatenate([np.sort(rng.integers(-600, 5400*30_000, 46_000))/30_000 for _ in range(176)])
        units['spike_times_index'] = np.arange(1, 177, dtype=np.uint32)*46_000


def histograms(path):
    import h5py
    counts = []
    with h5py.File(path) as file:
        times, ends = file['units/spike_times'], file['units/spike_times_index'][:].astype(int)
        edges = np.arange(0, times[:].max() + 0.02, 0.02)
        for start, end in zip([0, *ends[:-1]], ends): counts.append(np.histogram(times[start:end], bins=edges)[0])
    return np.array(counts).astype(np.uint8)


PLAIN = {'`np.histogram` for each channel, as it is read with h5py': histograms}
