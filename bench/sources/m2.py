"A run of M2, but of 1.5 h: 96 channels, 4.5 million spikes on a clock of 1 ms."
import numpy as np

FILE = 'sub-MonkeyN-held-in-calib/sub-MonkeyN-held-in-calib_ses-2000-01-01-Run1_behavior+ecephys.nwb'


def make(path):
    from neuralpile.formats import write_nwb_units
    rng = np.random.default_rng(2)
    write_nwb_units(path, [np.unique(rng.integers(4217, 5_400_000, 47_000))/1000 - 4.217 for _ in range(96)])


def dataframe(path):
    from pynwb import NWBHDF5IO
    with NWBHDF5IO(str(path), 'r') as io:
        spike_times = io.read().units.to_dataframe().spike_times
        edges = np.arange(0, max(times.max() for times in spike_times if len(times)) + 0.02, 0.02)
        return np.stack([np.histogram(times, bins=edges)[0] for times in spike_times]).astype(np.uint8)


PLAIN = {'`units.to_dataframe()`, then `np.histogram` for each channel': dataframe}
