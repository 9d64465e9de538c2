"A file of Temmar: 1,500,000 bins x 96 channels, 16-bit integers with timestamps."
import numpy as np

FILE = 'sub-Monkey-N/sub-Monkey-N_ses-20000101_ecephys.nwb'


def make(path):
    from neuralpile.formats import new_nwb, save_nwb
    from pynwb import TimeSeries
    rng = np.random.default_rng(0)
    rates = 0.02*rng.lognormal(2, 1, 96)
    counts = np.vstack([rng.poisson(rates, (100_000, 96)).astype(np.int16)]*15)
    timestamps = np.arange(1_500_000)/50 + 3.*(np.arange(1_500_000)//2000)
    nwbfile = new_nwb('Temmar', subject='Monkey N')
    nwbfile.add_analysis(TimeSeries(name='ThresholdCrossings', data=counts, timestamps=timestamps, unit='crossings'))
    save_nwb(nwbfile, path)


def through_pynwb(path):
    from pynwb import NWBHDF5IO
    with NWBHDF5IO(str(path), 'r') as io: return io.read().analysis['ThresholdCrossings'].data[:].astype(np.uint8).T


def through_h5py(path):
    import h5py
    with h5py.File(path) as file: return np.ascontiguousarray(file['analysis/ThresholdCrossings/data'][:].T.astype(np.uint8))


PLAIN = {'the matrix through pynwb, cast and turned, not checked': through_pynwb, 'the matrix through h5py, turned to rows of units, not checked': through_h5py}
