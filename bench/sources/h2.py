"A file of H2: 1,000,000 bins x 192 channels, 16-bit integers with timestamps."
import numpy as np

FILE = 'sub-T5-held-in-calib/sub-T5-held-in-calib_ses-20000101.nwb'


def make(path):
    from neuralpile.formats import new_nwb, save_nwb
    from pynwb import TimeSeries
    rng = np.random.default_rng(0)
    rates = 0.02*rng.lognormal(2, 1, 192)
    counts = np.vstack([rng.poisson(rates, (100_000, 192)).astype(np.int16)]*10)
    timestamps = np.arange(1_000_000)/50 + 10.*(np.arange(1_000_000)//400)
    nwbfile = new_nwb('H2', subject='T5', species='Homo sapiens')
    nwbfile.add_acquisition(TimeSeries(name='binned_spikes', data=counts, timestamps=timestamps, unit='int'))
    save_nwb(nwbfile, path)


def through_pynwb(path):
    from pynwb import NWBHDF5IO
    with NWBHDF5IO(str(path), 'r') as io: return io.read().acquisition['binned_spikes'].data[:].astype(np.uint8).T


def through_h5py(path):
    import h5py
    with h5py.File(path) as file: return np.ascontiguousarray(file['acquisition/binned_spikes/data'][:].T.astype(np.uint8))


PLAIN = {'the matrix through pynwb, cast and turned, not checked': through_pynwb, 'the matrix through h5py, turned to rows of units, not checked': through_h5py}
