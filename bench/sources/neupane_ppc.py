"A session of Neupane (PPC): 1 h, 480 clusters, 8.4 million spikes."
from units import histograms, write_table

FILE = 'sub-mahler/sub-mahler_ses-01012000_behavior+ecephys.nwb'


def make(path): write_table(path, n_units=480, seconds=3600, n_spikes=17_591, table='processing/ecephys/units')


def by_unit(path): return histograms(path, 'processing/ecephys/units')


PLAIN = {'the times read by h5py, then `np.histogram` for each unit': by_unit}
