"A session of Churchland: 1.8 h, 192 channels, 3,000 trials, 10 million spikes, two clocks on each other."
import numpy as np

FILE = 'sub-Nitschke/sub-Nitschke_ses-20090910_behavior+ecephys.nwb'


def make(path):
    import h5py
    rng = np.random.default_rng(0)
    starts = np.r_[np.arange(2500)*2.6, 1000 + np.arange(500)*2.6]
    intervals = np.stack([starts, starts + 1.9], axis=1)
    in_trials = np.sort(rng.random((192, 52_000))*3000)
    times = starts[in_trials.astype(int)] + in_trials%1*1.9
    with h5py.File(path, 'w') as file:
        file['units/id'] = np.arange(192)
        file['units/spike_times'] = times.ravel()
        file['units/spike_times_index'] = (np.arange(1, 193)*52_000).astype(np.uint32)
        file['units/obs_intervals'] = np.tile(intervals, (192, 1))
        file['units/obs_intervals_index'] = (np.arange(1, 193)*3000).astype(np.uint32)
        file['intervals/trials/start_time'], file['intervals/trials/stop_time'] = intervals.T


def histograms(path):
    import h5py
    with h5py.File(path) as file:
        spike_times = np.split(file['units/spike_times'][:], file['units/spike_times_index'][:-1].astype(np.int64))
    edges = np.arange(0, max(times.max() for times in spike_times) + 0.02, 0.02)
    return np.array([np.histogram(times, bins=edges)[0].astype(np.uint8) for times in spike_times])


PLAIN = {'h5py, then `np.histogram` for each channel': histograms}
