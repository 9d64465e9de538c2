"Builds that are killed, starved, shared out and run again: the same bytes, and nothing twice."
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest
import scaled
from neuralpile import build as building
from neuralpile.build import BuildFailed, build, verify_deep
from neuralpile.counts import DataError
from neuralpile.source import find_source, sample_folder
from notebooks import ROOT
from served import wait_for
from test_build import digests

TESTS = Path(__file__).parent


@pytest.fixture(scope='module')
def raw(tmp_path_factory): return scaled.fill(tmp_path_factory.mktemp('raw'))


@pytest.fixture(scope='module')
def undisturbed(raw, tmp_path_factory):
    "The files of a build in one go."
    return digests(build(scaled.SOURCE, raw_dir=str(raw), out_dir=str(tmp_path_factory.mktemp('once')), max_tokens=4_000, workers=1).folder)


def start(raw, out, workers=1, scheduler='', **environment):
    "A build in processes of its own, in a session of their own."
    environment = os.environ | dict(PYTHONPATH=os.pathsep.join([str(TESTS), str(ROOT)])) | {name: str(value) for name, value in environment.items()}
    return subprocess.Popen([sys.executable, TESTS/'scaled.py', raw, out, str(workers), scheduler], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)


def finish(process, seconds=120):
    told, _ = process.communicate(timeout=seconds)
    return process.returncode, told


def pieces(out): return len(list((out/'.neuralpile'/'scaled'/'pieces').glob('*.json')))


def test_kill_9_at_twenty_moments(raw, undisturbed, tmp_path):
    "Some moments are among the sessions, some while shards and records are written, some before and after."
    began = time.monotonic()
    assert finish(start(raw, tmp_path/'timed', PAUSE=0.03))[0] == 0
    whole, moments = time.monotonic() - began, random.Random(5)
    reached = set()
    for number in range(20):
        out, log = tmp_path/f'{number}', tmp_path/f'{number}.reads'
        process = start(raw, out, READS=log, PAUSE=0.03)
        if number % 2: time.sleep(moments.uniform(0.5, 1)*whole)
        else:
            n_pieces = moments.randrange(8)
            wait_for(lambda: pieces(out) > n_pieces or process.poll() is not None)
            time.sleep(moments.uniform(0, 0.1))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if (out/'scaled').exists(): assert digests(out/'scaled') == undisturbed, 'what has its name is whole'
        finished = 8 if (out/'scaled').exists() else pieces(out)
        reached.add(finished)
        before = log.read_text().split() if log.exists() else []
        report = build(scaled.SOURCE, raw_dir=str(raw), out_dir=str(out), max_tokens=4_000, workers=1)
        assert report.reused == finished and digests(out/'scaled') == undisturbed
        assert [path.name for path in (out/'.neuralpile'/'scaled').iterdir() if path.name in ('new', 'earlier', 'pieces')] == []
        assert len(before) <= finished + 1
    assert len(reached) > 3


@pytest.mark.parametrize('workers', [2, 3])
def test_workers_change_nothing_and_may_be_killed(raw, undisturbed, tmp_path, workers):
    process = start(raw, tmp_path, workers, PAUSE=0.4)
    wait_for(lambda: pieces(tmp_path) > 1)
    def busy(): return [child for child in psutil.Process(process.pid).children(recursive=True) if 'spawn_main' in ' '.join(child.cmdline())]
    for _ in range(2):
        busy()[-1].kill()
        time.sleep(0.5)
    code, told = finish(process)
    assert code == 0 and '8 sessions, 0 reused' in told, told
    assert digests(tmp_path/'scaled') == undisturbed


def test_a_scheduler_of_its_own_with_two_workers_one_of_them_killed(raw, undisturbed, tmp_path):
    dask, environment = Path(sys.executable).parent/'dask', os.environ | dict(PYTHONPATH=os.pathsep.join([str(TESTS), str(ROOT)]), PAUSE='0.3')
    def run(*arguments): return subprocess.Popen([dask, *arguments], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, cwd=tmp_path)
    scheduler = run('scheduler', '--host', '127.0.0.1', '--port', '0', '--no-dashboard', '--scheduler-file', 'where.json')
    processes = [scheduler]
    try:
        wait_for((tmp_path/'where.json').exists)
        workers = [run('worker', '--scheduler-file', 'where.json', '--nthreads', '1', '--no-dashboard') for _ in range(2)]
        processes += workers
        process = start(raw, tmp_path/'pile', 0, json.loads((tmp_path/'where.json').read_text())['address'])
        wait_for(lambda: pieces(tmp_path/'pile') > 2)
        os.killpg(workers[0].pid, signal.SIGKILL)
        code, told = finish(process)
        assert code == 0 and '8 sessions' in told, told
        assert digests(tmp_path/'pile'/'scaled') == undisturbed
    finally:
        for running in processes:
            try: os.killpg(running.pid, signal.SIGKILL)
            except ProcessLookupError: pass
            running.wait()


@pytest.mark.parametrize('name, says', [('deadly', 'workers died of it'), ('hung', r'longer than 10 s \(NEURALPILE_TIME_LIMIT\)')])
def test_a_session_that_kills_or_hangs_its_worker_costs_itself(raw, tmp_path, rows, name, says):
    folder = tmp_path/'raw'
    shutil.copytree(raw, folder)
    shutil.copy(folder/'sub-Y'/'ses-003.nwb', folder/'sub-Y'/f'ses-003-{name}.nwb')
    code, told = finish(start(folder, tmp_path, 2, NEURALPILE_TIME_LIMIT=10))
    assert code == 1 and '1 failures, 8 sessions were built' in told
    record = json.loads((tmp_path/'scaled'/'build.json').read_text())
    assert len(record['failures']) == 1 and re.search(f'scaled: sub-Y/ses-003-{name}.nwb: {says}', record['failures'][0])
    assert len(rows(tmp_path/'scaled', 'sessions')) == 8 and 'Incomplete: 1 sessions' in (tmp_path/'scaled'/'README.md').read_text()
    if name == 'hung': assert any('scaled.py' in path.read_text() for path in (tmp_path/'.neuralpile'/'scaled'/'failures').glob('*.txt')), 'the note says where it hung'


def test_a_failure_keeps_its_traceback_and_is_tried_again(raw, tmp_path):
    folder = tmp_path/'raw'
    shutil.copytree(raw, folder)
    good = (folder/'sub-Y'/'ses-002.nwb').read_bytes()
    (folder/'sub-Y'/'ses-002.nwb').write_bytes(good[:-5000])
    with pytest.raises(BuildFailed, match=r'1 failures, 7 sessions were built. Tracebacks are in .neuralpile/scaled/failures'): build(scaled.SOURCE, raw_dir=str(folder), out_dir=str(tmp_path))
    (note,) = (tmp_path/'.neuralpile'/'scaled'/'failures').iterdir()
    assert note.read_text().startswith('scaled: sub-Y/ses-002.nwb: expected a readable HDF5 file') and 'Traceback' in note.read_text()
    (folder/'sub-Y'/'ses-002.nwb').write_bytes(good)
    assert build(scaled.SOURCE, raw_dir=str(folder), out_dir=str(tmp_path)).reused == 7


def test_a_flaky_disk_is_tried_again(raw, tmp_path, monkeypatch):
    read, failed = building._read_session, []
    def flaky(source, path, *more):
        if path.name not in failed:
            failed.append(path.name)
            raise OSError(5, 'Input/output error')
        return read(source, path, *more)
    monkeypatch.setattr(building, '_read_session', flaky)
    assert len(build(scaled.SOURCE, raw_dir=str(raw), out_dir=str(tmp_path), workers=1).sessions) == 8 and len(failed) == 8


def test_a_disk_that_fills_up_and_a_folder_that_can_not_be_written(raw, undisturbed, tmp_path):
    code, told = finish(start(raw, tmp_path/'pile', LARGEST_FILE=700))
    assert code == 1 and 'File too large' in told
    assert not (tmp_path/'pile'/'scaled').exists()
    assert finish(start(raw, tmp_path/'pile'))[0] == 0 and digests(tmp_path/'pile'/'scaled') == undisturbed
    (tmp_path/'file').write_text('not a folder')
    code, told = finish(start(raw, tmp_path/'file'))
    assert code == 1 and ('NotADirectoryError' in told or 'FileExistsError' in told)


def test_two_builds_at_once(raw, undisturbed, tmp_path):
    process = start(raw, tmp_path, PAUSE=0.3)
    wait_for(lambda: pieces(tmp_path) > 0)
    with pytest.raises(DataError, match='scaled: expected a folder that nobody else builds'): build(scaled.SOURCE, raw_dir=str(raw), out_dir=str(tmp_path), max_tokens=4_000)
    assert finish(process)[0] == 0 and digests(tmp_path/'scaled') == undisturbed


def test_a_rerun_makes_only_what_changed(raw, tmp_path, monkeypatch):
    folder, log = tmp_path/'raw', tmp_path/'reads'
    shutil.copytree(raw, folder)
    monkeypatch.setenv('READS', str(log))
    def run(**parameters):
        log.write_text('')
        report = build(scaled.SOURCE, raw_dir=str(folder), out_dir=str(tmp_path/'pile'), max_tokens=4_000, workers=1, **parameters)
        return log.read_text().split(), report
    def fresh(): return digests(build(scaled.SOURCE, raw_dir=str(folder), out_dir=str(tmp_path/f'fresh-{time.monotonic_ns()}'), max_tokens=4_000, workers=1).folder)
    assert len(run()[0]) == 8
    stood = {path: path.stat().st_mtime_ns for path in (tmp_path/'pile'/'scaled').rglob('*')}
    assert run()[0] == [] and {path: path.stat().st_mtime_ns for path in (tmp_path/'pile'/'scaled').rglob('*')} == stood, 'nothing is touched'
    os.utime(folder/'sub-Y'/'ses-001.nwb')
    assert run()[0] == [], 'a new date is no new file'
    shutil.copy(folder/'sub-Y'/'ses-005.nwb', folder/'sub-Y'/'ses-001.nwb')
    assert run()[0] == ['ses-001.nwb'] and digests(tmp_path/'pile'/'scaled') == fresh()
    shutil.copy(folder/'sub-Y'/'ses-006.nwb', folder/'sub-Y'/'ses-0011.nwb')
    assert run()[0] == ['ses-0011.nwb'] and digests(tmp_path/'pile'/'scaled') == fresh()
    assert len(run(bin_ms=40)[0]) == 9 and len(run()[0]) == 9
    (tmp_path/'pile'/'.neuralpile'/'scaled'/'state.json').unlink()
    assert run()[0] == [], 'without what was seen of the files, their digests tell'
    monkeypatch.setattr(building, 'code_of', lambda source: 'other code')
    assert len(run()[0]) == 9


def test_a_corrected_record_needs_no_reading(raw, tmp_path, monkeypatch):
    from dataclasses import replace
    log = tmp_path/'reads'
    build(scaled.SOURCE, raw_dir=str(raw), out_dir=str(tmp_path))
    monkeypatch.setenv('READS', str(log))
    corrected = replace(scaled.SOURCE, licence='CC-BY-4.0', species=('Macaca mulatta',), subjects={'*sub-Y*': 'Yolanda'}, kind='spikes')
    report = build(corrected, raw_dir=str(raw), out_dir=str(tmp_path))
    assert not log.exists() and {(row['licence'], row['canonical_subject'], row['kind']) for row in pq.read_table(tmp_path/'scaled'/'sessions.parquet').to_pylist()} == {('CC-BY-4.0', 'Yolanda', 'spikes')}
    assert digests(report.folder) == digests(build(corrected, raw_dir=str(raw), out_dir=str(tmp_path/'fresh')).folder)


def test_shards_that_do_not_change_are_not_written_again(raw, tmp_path, monkeypatch):
    monkeypatch.setattr(building, 'GROUP', 8_000)
    monkeypatch.setattr(building, 'SHARD', 20_000)
    folder = tmp_path/'raw'
    shutil.copytree(raw, folder)
    def run(out): return build(scaled.SOURCE, raw_dir=str(folder), out_dir=str(tmp_path/out), max_tokens=4_000, workers=1).folder
    first = {path.stat().st_ino for path in (run('pile')/'data').iterdir()}
    assert len(first) > 3
    shutil.copy(folder/'sub-Y'/'ses-000.nwb', folder/'sub-Y'/'ses-007.nwb')
    second = [path.stat().st_ino for path in sorted((run('pile')/'data').iterdir())]
    assert set(second[:-1]) <= first and second[-1] not in first
    assert digests(tmp_path/'pile'/'scaled') == digests(run('fresh'))


def test_damage_is_found_by_a_deep_look_and_mended(raw, undisturbed, tmp_path):
    folder = build(scaled.SOURCE, raw_dir=str(raw), out_dir=str(tmp_path), max_tokens=4_000).folder
    for name in ('data/train-00000-of-00001.parquet', 'sessions.parquet'):
        content = bytearray((folder/name).read_bytes())
        content[len(content)//2] ^= 4
        (folder/name).write_bytes(content)
        assert [line['what'] for line in verify_deep(scaled.SOURCE, folder) if not line['agrees']] == [name]
        report = build(scaled.SOURCE, raw_dir=str(raw), out_dir=str(tmp_path), max_tokens=4_000)
        assert report.reused == 0 and digests(folder) == undisturbed and all(line['agrees'] for line in verify_deep(scaled.SOURCE, folder))
    (folder/'data'/'train-00000-of-00001.parquet').unlink()
    build(scaled.SOURCE, raw_dir=str(raw), out_dir=str(tmp_path), max_tokens=4_000)
    assert digests(folder) == undisturbed, 'a shard that is gone is seen at once'


def test_sessions_that_depend_on_each_other(tmp_path):
    "A day of Card is calibrated over its files, so a changed one makes its neighbours anew, and those of other days not."
    import h5py
    source = find_source('card')
    shutil.copytree(sample_folder(source), tmp_path/'raw')
    build(source, raw_dir=str(tmp_path/'raw'), out_dir=str(tmp_path/'pile'))
    (path,) = (tmp_path/'raw').rglob('t15.2023.08.13/data_val.hdf5')
    with h5py.File(path, 'r+') as file: file[next(iter(file))].attrs['note'] = 'changed'
    assert build(source, raw_dir=str(tmp_path/'raw'), out_dir=str(tmp_path/'pile')).reused == 1


def test_statistics_are_those_of_the_counts(raw, tmp_path, rows):
    report = build(scaled.SOURCE, raw_dir=str(raw), out_dir=str(tmp_path), max_tokens=4_000)
    counts = [np.array(row['spike_counts'], dtype=np.uint8) for row in rows(report.folder)]
    of_session = [np.hstack([matrix for matrix, name in zip(counts, rows(report.folder)['session_id']) if name == row['session_id']]) for row in rows(report.folder, 'sessions')]
    for row, matrix in zip(rows(report.folder, 'sessions'), of_session):
        assert row['histogram'] == np.bincount(matrix.ravel()).tolist() and row['max_count'] == matrix.max() and row['n_silent_units'] == 1
        np.testing.assert_allclose(row['unit_rates'], matrix.sum(axis=1)/(matrix.shape[1]*0.02))
    assert report.counts()['0'] == sum(int((matrix == 0).sum()) for matrix in counts) and '| tokens |' in repr(report) and 'median' in repr(report)
