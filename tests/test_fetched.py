"Every source from its archive, served on this machine: its notebook downloads or streams, and the dataset is that of the folder, byte for byte."
import hashlib
import shutil

import pyarrow.parquet as pq
import pytest
from neuralpile.archive import LOCK, plan
from neuralpile.build import build, run_notebook
from neuralpile.source import Dandi, find_source, notebook_path, sources
from notebooks import own_parameters
from served import SECRETS, as_archived, served

KEYS = [key for key, source in sources().items() if source.archive]


def files(folder): return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob('*')) if path.is_file()}


def run(key, out, **parameters):
    "The dataset that a source's notebook makes."
    run_notebook(notebook_path(key), out.with_suffix('.ipynb'), progress_bar=False, out_dir=str(out), **parameters)
    return files(out/key)


@pytest.mark.parametrize('key', KEYS)
def test_a_notebook_downloads_what_the_folder_holds(key, tmp_path, monkeypatch):
    source = find_source(key)
    with served(source, as_archived(source, tmp_path/'archive'), monkeypatch) as server:
        fetched = run(key, tmp_path/'fetched', raw_dir=str(tmp_path/'raw'), fetch='download')
        read = {path.relative_to(tmp_path/'archive').as_posix(): path.stat().st_size for path in (tmp_path/'archive').rglob('*')
            if path.is_file() and source.role(path.relative_to(tmp_path/'archive').as_posix()) in ('read', 'packed')}
        assert server.sent == sum(read.values()) and len(server.sent_of) == len(read), 'each file that is read was sent once, and nothing else'
        if isinstance(source.archive, Dandi): assert run(key, tmp_path/'streamed', fetch='stream') == fetched
    notebook = (tmp_path/'fetched.ipynb').read_text() + (tmp_path/'raw'/LOCK).read_text()
    assert not any(secret in notebook for secret in SECRETS.values() if secret), 'no secret is kept'
    own = own_parameters(notebook_path(key))
    assert files(build(source, raw_dir=str(tmp_path/'raw'), out_dir=str(tmp_path/'again'), **own).folder) == fetched, 'from the folder that was fetched'
    (tmp_path/'raw'/LOCK).unlink()
    bare = build(source, raw_dir=str(tmp_path/'raw'), out_dir=str(tmp_path/'bare'), **own).folder
    assert [(path, digest) for path, digest in files(bare).items() if path.startswith('data/')] == [(path, digest) for path, digest in fetched.items() if path.startswith('data/')]
    known, plain = (pq.read_table(folder/'sessions.parquet').to_pylist() for folder in (tmp_path/'fetched'/key, bare))
    assert all(row['asset_id'] for row in known) and not any(row['asset_id'] for row in plain)
    assert [row | dict(asset_id=None, archive_version=None) for row in known] == [row | dict(archive_version=None) for row in plain]


@pytest.mark.parametrize('key', ['perich', 'wojcik', 'card'])
def test_files_that_need_not_be_kept_are_gone_and_the_dataset_is_the_same(key, tmp_path, monkeypatch):
    source = find_source(key)
    with served(source, as_archived(source, tmp_path/'archive'), monkeypatch) as server:
        kept = build(source, raw_dir=str(tmp_path/'kept'), out_dir=str(tmp_path/'one'), fetch='download').folder
        passed = build(source, raw_dir=str(tmp_path/'passed'), out_dir=str(tmp_path/'other'), fetch='download', keep_raw=False).folder
        assert files(passed) == files(kept)
        assert {path.name for path in (tmp_path/'passed').rglob('*')} == {LOCK, '.neuralpile.busy'}
        server.sent = 0
        again = build(source, raw_dir=str(tmp_path/'passed'), out_dir=str(tmp_path/'other'), fetch='download', keep_raw=False)
        assert server.sent == 0 and again.reused == len(again.sessions) and files(again.folder) == files(kept), 'what is finished is not fetched again'
        build(source, raw_dir=str(tmp_path/'kept'), out_dir=str(tmp_path/'third'), fetch='download', keep_raw=False)
        assert source.raw_files(tmp_path/'kept'), 'what was there before is not removed'


@pytest.mark.parametrize('key', ['perich', 'wojcik'])
def test_a_trial_run_fetches_one_file(key, tmp_path, monkeypatch):
    source = find_source(key)
    with served(source, as_archived(source, tmp_path/'archive'), monkeypatch) as server:
        report = build(source, raw_dir=str(tmp_path/'raw'), out_dir=str(tmp_path/'pile'), fetch='download', n_sessions=1)
        assert len(report.sessions) == 1 and len(server.sent_of) == 1
        assert build(source, raw_dir=str(tmp_path/'raw'), out_dir=str(tmp_path/'pile')).passed_over, 'the report says that the folder does not hold what the lock file names'


@pytest.mark.parametrize('key', KEYS)
def test_the_plan_of_a_source(key, tmp_path, monkeypatch):
    source = find_source(key)
    told = plan(source)
    assert not told.online and told.row()['key'] == key and told.files == source.raw.files
    with served(source, as_archived(source, tmp_path/'archive'), monkeypatch) as server:
        asked = plan(source, online=True, speed=1e6)
        assert server.sent == 0 and asked.online
        found = [path for path in (tmp_path/'archive').rglob('*') if path.is_file() and source.role(path.relative_to(tmp_path/'archive').as_posix()) in ('read', 'packed')]
        assert (asked.files, asked.bytes, asked.largest) == (len(found), sum(path.stat().st_size for path in found), max(path.stat().st_size for path in found))


def test_one_file_that_does_not_come_costs_its_session(tmp_path, monkeypatch):
    from neuralpile.build import BuildFailed
    from servers import Forever, Status
    source = find_source('perich')
    with served(source, as_archived(source, tmp_path/'archive'), monkeypatch) as server:
        server.faults['*CO-20000101*'] = Forever(Status(404))
        with pytest.raises(BuildFailed, match='perich: sub-C/sub-C_ses-CO-20000101_behavior.ecephys.nwb: expected .*; found 404'):
            build(source, raw_dir=str(tmp_path/'raw'), out_dir=str(tmp_path/'pile'), fetch='download')
    assert pq.read_table(tmp_path/'pile'/'perich'/'sessions.parquet').num_rows == 1
    shutil.rmtree(tmp_path/'pile')
    whole = build(source, raw_dir=str(tmp_path/'raw'), out_dir=str(tmp_path/'pile'))
    assert len(whole.sessions) == 1 and '1 of 2 files' in whole.passed_over[0]


def test_what_was_built_before_a_token_expired_is_kept(tmp_path, monkeypatch):
    from neuralpile.build import BuildFailed
    source = find_source('wojcik')
    with served(source, as_archived(source, tmp_path/'archive'), monkeypatch) as server:
        from servers import Forever, Status
        server.faults['m2_ses1.zip'] = Forever(Status(401))
        with pytest.raises(BuildFailed, match='wojcik: m2_ses1.zip: .*found 401.* No file after that'):
            build(source, raw_dir=str(tmp_path/'raw'), out_dir=str(tmp_path/'pile'), fetch='download', keep_raw=False)
    assert pq.read_table(tmp_path/'pile'/'wojcik'/'sessions.parquet').num_rows == 1


def test_a_file_that_is_another_one_by_now_stops_its_session(tmp_path, monkeypatch):
    from neuralpile.archive import fetch
    from neuralpile.build import BuildFailed
    source = find_source('perich')
    with served(source, as_archived(source, tmp_path/'archive'), monkeypatch): paths = fetch(source, tmp_path/'raw')
    shutil.copy(paths[1], paths[0])
    with pytest.raises(BuildFailed, match='expected the file that was fetched, sha256'): build(source, raw_dir=str(tmp_path/'raw'), out_dir=str(tmp_path/'pile'))
