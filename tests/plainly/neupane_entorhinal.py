"Neupane (EC) the plain way: a histogram for each cluster of the table in the processing module."
from plain import NWB_UNITS_DAMAGES, default_counts, nwb_spike_times, published_counts, silence_nwb_unit

TABLE = 'processing/ecephys/units'


def published(path): return published_counts(nwb_spike_times(path, TABLE))


def default(path): return default_counts(nwb_spike_times(path, TABLE))


def silence(path): silence_nwb_unit(path, TABLE)


DAMAGES = NWB_UNITS_DAMAGES(TABLE)
