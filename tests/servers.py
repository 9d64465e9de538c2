"""Archives on 127.0.0.1: a folder of files served as DANDI, Zenodo, Dryad, OSF and GIN serve theirs, with faults on demand.

    with DandiServer(folder) as server:
        server.faults['sub-a/*.nwb'] = [Reset(after=1000), Status(503)]   # one for each download, in order
        server.faults['/api/dandisets/*'] = Forever(Status(500))          # a pattern with a leading / is of the URL's path
        ...
        server.requests, server.sent, server.sent_of['sub-a/x.nwb'], server.spans

| fault | what a client meets |
|---|---|
| `Status(503)`, `Status(429, retry_after=2)` | that status; `retry_after` is seconds or an HTTP date, and is left out when None |
| `Reset(after=n)` | the status, n bytes of the body, then a reset connection; `after=0`: reset before any status |
| `Close(after=n)` | the whole length announced, the connection closed after n bytes |
| `Truncate(to=n)` | n bytes announced and sent as if they were all (a 206 says so in Content-Range) |
| `Wrong()` | the right length, one byte of it flipped |
| `Stall(seconds, after=None)` | nothing for that long: before any status, or after n bytes of the body |
| `IgnoreRange()` | 200 and the whole body, whatever range was asked for |
| `Slow(bytes_per_second)` | the body, slowly |
| `Forever(fault)` | that fault each time; others are met once and gone |

Faults of a file (a pattern without a leading /) meet the GET that gives its bytes, not the redirects to it. A HEAD meets only `Forever` ones.
"""
import hashlib
import json
import mimetypes
import os
import random
import re
import select
import socket
import struct
import subprocess
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import formatdate, parsedate_to_datetime
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit


@dataclass(frozen=True)
class Status: code: int; retry_after: object = None
@dataclass(frozen=True)
class Reset: after: int = 0
@dataclass(frozen=True)
class Close: after: int = 0
@dataclass(frozen=True)
class Truncate: to: int = 0
@dataclass(frozen=True)
class Wrong: seed: int = 0
@dataclass(frozen=True)
class Stall: seconds: float; after: object = None
@dataclass(frozen=True)
class IgnoreRange: pass
@dataclass(frozen=True)
class Slow: bytes_per_second: int
@dataclass(frozen=True)
class Forever: fault: object


@dataclass
class Request:
    "What was asked of the host `host`: `path` is decoded, `raw` is not; `query` holds the last of each name."
    host: str; method: str; raw: str; headers: object; body: bytes
    def __post_init__(self): self.path, self.query = unquote(urlsplit(self.raw).path), dict(parse_qsl(urlsplit(self.raw).query, keep_blank_values=True))
    def parts(self): return [unquote(part) for part in urlsplit(self.raw).path.split('/') if part]


@dataclass
class Answer:
    "A whole answer that is not a file."
    status: int = 200; body: bytes = b''; headers: dict = field(default_factory=dict)


@dataclass
class Content:
    "A file, as the answer to GET or HEAD: `path` is its name in the dataset, without `etag` or `modified` those headers are not sent."
    path: str; file: Path; etag: object = None; modified: bool = True; ranges: bool = True; headers: dict = field(default_factory=dict)


def as_json(value, status=200, **headers): return Answer(status, json.dumps(value).encode(), {'Content-Type': 'application/json', **headers})
def redirect(url, status=302): return Answer(status, b'', {'Location': url})
def stamp(seconds): return datetime.fromtimestamp(seconds, timezone.utc).isoformat()
def media_type(path): return {'.nwb': 'application/x-nwb'}.get(Path(path).suffix) or mimetypes.guess_type(path)[0] or 'application/octet-stream'
def name_hash(*names): return hashlib.sha256('\0'.join(map(str, names)).encode()).hexdigest()
def as_uuid(*names): return str(uuid.UUID(bytes=bytes.fromhex(name_hash(*names)[:32]), version=4))


def span_of(header, size):
    "(first, end) of a Range header of one span; None: to be ignored, as is one of several; ValueError: outside the file."
    match = re.fullmatch(r'bytes=\s*(\d*)-(\d*)', header.strip()) if header else None
    if match is None or match.groups() == ('', ''): return None
    first, last = match.groups()
    if not first:
        if not int(last) or not size: raise ValueError
        return max(0, size - int(last)), size
    if last and int(last) < int(first): return None
    if int(first) >= size: raise ValueError
    return int(first), min(int(last) + 1 if last else size, size)


class Handler(BaseHTTPRequestHandler):
    protocol_version, disable_nagle_algorithm, server_version, sys_version = 'HTTP/1.1', True, 'archive', ''

    def setup(self):
        super().setup()
        if not self.server.archive.opened(self.connection): raise ConnectionAbortedError

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        if 'chunked' in self.headers.get('Transfer-Encoding', ''):
            while size := int(self.rfile.readline().split(b';')[0], 16): body += self.rfile.read(size + 2)[:-2]
            self.rfile.readline()
        self.server.archive.serve(self, Request(self.server.name, self.command, self.path, self.headers, body))

    do_HEAD = do_POST = do_GET
    def log_message(self, *_): pass


class Host(ThreadingHTTPServer):
    daemon_threads, request_queue_size = True, 64

    def __init__(self, archive, name):
        self.archive, self.name = archive, name
        super().__init__(('127.0.0.1', 0), Handler)

    def handle_error(self, request, address): pass   # a client that went away
    def server_bind(self): self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); self.socket.bind(self.server_address); self.server_address = self.socket.getsockname()


class Server:
    "A folder of files as one dataset of an archive. `route` answers a request; the rest is common to all archives."
    hosts, root = ('api',), ''   # each host has its own port; `url` is the first host's address and the root

    def __init__(self, folder, ranges=True):
        self.folder, self.ranges = Path(folder), ranges
        self.requests, self.spans, self.met, self.errors = [], [], [], []
        self.faults, self.sent_of = {}, Counter()
        self._lock, self._stop, self._connections, self._digests, self._links = threading.RLock(), threading.Event(), set(), {}, 0

    # starting and stopping

    def __enter__(self):
        self._servers = [Host(self, name) for name in self.hosts]
        self.base = {host.name: f'http://127.0.0.1:{host.server_address[1]}' for host in self._servers}
        self.url = self.base[self.hosts[0]] + self.root
        self._threads = [threading.Thread(target=host.serve_forever, kwargs=dict(poll_interval=0.02), daemon=True) for host in self._servers]
        for thread in self._threads: thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for host in self._servers: host.shutdown(); host.server_close()
        for thread in self._threads: thread.join()
        with self._lock: connections, self._connections = self._connections, set()
        for connection in connections:
            try: connection.shutdown(socket.SHUT_RDWR)
            except OSError: pass

    def opened(self, connection):
        with self._lock:
            if self._stop.is_set(): return False
            self._connections = {other for other in self._connections if other.fileno() >= 0} | {connection}
            return True

    # the dataset

    def files(self): return {path.relative_to(self.folder).as_posix(): path for path in sorted(self.folder.rglob('*')) if path.is_file()}

    def flat_files(self):
        "The files by their base names, for archives without folders."
        files = {PurePosixPath(path).name: file for path, file in self.files().items()}
        assert len(files) == len(self.files()), f'{self.folder}: two files of one name, in an archive without folders'
        return dict(sorted(files.items()))

    def digest(self, file, kind='md5'):
        "Hex digest of a file as it is now: md5, sha256, or etag (of 64 MiB parts, as DANDI and S3 make it)."
        state, now = file.stat(), time.time()
        key, settled = (file, kind, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns), now - max(state.st_mtime, state.st_ctime) > 0.1
        if not settled or key not in self._digests:
            with open(file, 'rb') as f:
                if kind == 'etag':
                    parts = [hashlib.md5(part).digest() for part in iter(lambda: f.read(1 << 26), b'')]
                    self._digests[key] = f'{hashlib.md5(b"".join(parts)).hexdigest()}-{len(parts)}'
                else: self._digests[key] = hashlib.file_digest(f, kind).hexdigest()
        return self._digests[key]

    # what was sent

    @property
    def sent(self): return sum(self.sent_of.values())
    @sent.setter
    def sent(self, value): assert value == 0, 'sent can be set to 0 only'; self.sent_of.clear(); self.spans.clear()

    # links that are signed, as S3 and Google sign them for GET

    def signed(self, host, path, **query):
        "A link to a stored file, good until `expire_links()`."
        signature = name_hash(path, self._links)
        return self.base[host] + quote(path) + '?' + urlencode({**query, 'X-Amz-Algorithm': 'AWS4-HMAC-SHA256', 'X-Amz-Credential': 'AKIAEXAMPLE/20250122/us-east-2/s3/aws4_request',
            'X-Amz-Date': '20250122T173500Z', 'X-Amz-Expires': '3600', 'X-Amz-SignedHeaders': 'host', 'X-Amz-Signature': signature}, quote_via=quote)

    def expire_links(self): self._links += 1

    def stored(self, request, content, public=False):
        "A stored file as S3 gives it: anyone's by its plain address if public, else by a signed link, which is for GET only and bears no other credentials."
        def refuse(status, code, message): return Answer(status, f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'.encode(),
            {'Content-Type': 'application/xml'})
        if content is None: return refuse(404, 'NoSuchKey', 'The specified key does not exist.')
        signature = request.query.get('X-Amz-Signature')
        if signature is None: return content if public else refuse(403, 'AccessDenied', 'Access Denied')
        if 'Authorization' in request.headers: return refuse(400, 'InvalidArgument', 'Only one auth mechanism allowed')
        if signature != name_hash(request.path, self._links): return refuse(403, 'AccessDenied', 'Request has expired')
        if request.method == 'HEAD': return refuse(403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match the signature you provided.')
        return content

    # answering

    def route(self, request): raise NotImplementedError
    def refusal(self, request, fault): return as_json({'message': 'refused by the test', 'status': fault.code}, fault.code)
    def own_headers(self, request): return {}

    def fault_for(self, request, answer):
        "The fault this request meets, consumed."
        content = isinstance(answer, Content)
        name, head = answer.path if content else urlsplit(request.raw).path, request.method == 'HEAD'
        with self._lock:
            for pattern, faults in self.faults.items():
                if content == pattern.startswith('/') or not (fnmatchcase(name, pattern) or fnmatchcase(unquote(name), pattern)): continue
                if not isinstance(faults, (list, tuple)): faults = self.faults[pattern] = [faults]
                if not faults or head and not isinstance(faults[0], Forever): continue
                fault = faults[0].fault if isinstance(faults[0], Forever) else faults.pop(0)
                self.met.append((name, fault))
                return fault

    def serve(self, handler, request):
        with self._lock: self.requests.append((request.method, request.raw, dict(request.headers.items())))
        try: answer = self.route(request)
        except Exception as error:
            self.errors.append(error)
            answer = as_json({'message': repr(error)}, 500)
        fault = self.fault_for(request, answer)
        if isinstance(fault, Status):
            answer = self.refusal(request, fault)
            if fault.retry_after is not None: answer.headers['Retry-After'] = str(fault.retry_after)
        if isinstance(answer, Content): status, headers, body, path = self.content(request, answer, fault)
        else: status, headers, body, path = answer.status, dict(answer.headers), answer.body, None
        if isinstance(fault, Truncate):
            body = body[:fault.to]
            if status == 206: first = int(headers['Content-Range'].split()[1].split('-')[0]); headers['Content-Range'] = re.sub(r'\d+-\d+', f'{first}-{first + len(body) - 1}', headers['Content-Range'])
        if isinstance(fault, Wrong) and body:
            place = random.Random(f'{request.path} {fault.seed}').randrange(len(body))
            body = body[:place] + bytes([body[place] ^ 0xff]) + body[place + 1:]
        try: self.write(handler, request, status, {'Content-Length': len(body), **headers, **self.own_headers(request)}, body, fault, path)
        except OSError: handler.close_connection = True

    def content(self, request, answer, fault):
        "Status, headers, body and name of a file: whole, a span of it, or what its preconditions say."
        data = answer.file.read_bytes()
        headers = {'Content-Type': 'application/octet-stream', **answer.headers}
        modified = formatdate(answer.file.stat().st_mtime, usegmt=True)
        if answer.modified: headers.setdefault('Last-Modified', modified)
        etag = f'"{answer.etag}"' if answer.etag else None
        if etag: headers['ETag'] = etag
        if answer.ranges: headers['Accept-Ranges'] = 'bytes'
        asked = request.headers
        if etag and asked.get('If-Match', etag) not in (etag, '*'): return 412, {**headers, 'Content-Length': 0}, b'', None
        if etag and asked.get('If-None-Match') in (etag, '*'): return 304, {**headers, 'Content-Length': 0}, b'', None
        span = None
        if answer.ranges and not isinstance(fault, IgnoreRange) and asked.get('If-Range', etag) in (etag, modified if answer.modified else etag):
            try: span = span_of(asked.get('Range'), len(data))
            except ValueError: return 416, {**headers, 'Content-Range': f'bytes */{len(data)}', 'Content-Length': 0}, b'', None
        first, end = span or (0, len(data))
        if request.method != 'HEAD':
            with self._lock: self.spans.append((answer.path, first, end))
        return (206 if span else 200), {**headers, **({'Content-Range': f'bytes {first}-{end - 1}/{len(data)}'} if span else {})}, data[first:end], answer.path

    def write(self, handler, request, status, headers, body, fault, path):
        if isinstance(fault, Stall) and fault.after is None: self._stop.wait(fault.seconds)
        if isinstance(fault, Reset) and not fault.after: return self.reset(handler)
        handler.send_response(status)
        for name, value in headers.items(): handler.send_header(name, str(value))
        if request.method == 'HEAD' or status == 304: return handler.end_headers()
        stop = min(fault.after, len(body)) if isinstance(fault, (Reset, Close)) else len(body)
        pause = fault.after if isinstance(fault, Stall) else None
        step = max(1, fault.bytes_per_second//20) if isinstance(fault, Slow) else 1 << 16
        handler.end_headers()
        place = 0
        while place < stop and not self._stop.is_set():
            if place == pause: self._stop.wait(fault.seconds)
            end = min(place + step, stop, pause if pause is not None and place < pause else stop)
            if path is not None:   # counted before it is sent: the client may look as soon as it has the last byte
                with self._lock: self.sent_of[path] += end - place
            try: handler.connection.sendall(body[place:end])
            except OSError:
                if path is not None:
                    with self._lock: self.sent_of[path] -= end - place
                raise
            if isinstance(fault, Slow): self._stop.wait((end - place)/fault.bytes_per_second)
            place = end
        if isinstance(fault, Reset): self.reset(handler)
        if place < len(body): handler.close_connection = True

    def reset(self, handler):
        "Reset the connection once the client's side has all that was written."
        import fcntl
        connection, waited = handler.connection, time.monotonic()
        while struct.unpack('i', fcntl.ioctl(connection.fileno(), 0x5411, b'\0'*4))[0] and time.monotonic() - waited < 5: time.sleep(0.001)   # TIOCOUTQ
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        handler.close_connection = True
        os.close(connection.detach())


class DandiServer(Server):
    """The DANDI API and, on a second port, its bucket. An asset's id changes with its content; the old ids are gone (the archive itself keeps them).

    `digests` are those its metadata give, of 'etag' and 'sha256'; version='draft' for a dandiset that was never published."""
    hosts, root = ('api', 'blobs'), '/api'

    def __init__(self, folder, dandiset='000688', version='0.250122.1735', digests=('etag', 'sha256'), page_size=100, **options):
        super().__init__(folder, **options)
        self.dandiset, self.version, self.digests, self.page_size = dandiset, version, digests, page_size

    def assets(self):
        "The assets by id, oldest first."
        assets = []
        for path, file in self.files().items():
            etag, modified, size = self.digest(file, 'etag'), file.stat().st_mtime, file.stat().st_size
            blob, asset_id, date = as_uuid('blob', etag, size), as_uuid('asset', self.dandiset, path, etag, size), stamp(modified)
            info = dict(asset_id=asset_id, blob=blob, zarr=None, path=path, size=size, created=date, modified=date)
            digest = {name: self.digest(file, kind) for kind, name in {'etag': 'dandi:dandi-etag', 'sha256': 'dandi:sha2-256'}.items() if kind in self.digests}
            metadata = {'@context': 'https://raw.githubusercontent.com/dandi/schema/master/releases/0.6.10/context.json', 'schemaVersion': '0.6.10', 'schemaKey': 'Asset',
                'id': f'dandiasset:{asset_id}', 'identifier': asset_id, 'path': path, 'contentSize': size, 'encodingFormat': media_type(path), 'digest': digest,
                'contentUrl': [f'{self.url}/assets/{asset_id}/download/', self.base['blobs'] + self.blob_path(blob)], 'access': [{'schemaKey': 'AccessRequirements', 'status': 'dandi:OpenAccess'}],
                'blobDateModified': date, 'dateModified': date}
            assets.append((info, metadata, file))
        return {info['asset_id']: (info, metadata, file) for info, metadata, file in sorted(assets, key=lambda asset: (asset[0]['created'], asset[0]['path']))}

    def blob_path(self, blob): return f'/blobs/{blob[:3]}/{blob[3:6]}/{blob}'

    def version_info(self, version):
        files, dates = self.files().values(), [file.stat().st_mtime for file in self.files().values()] or [0]
        return dict(version=version, name='A dandiset', asset_count=len(files), size=sum(file.stat().st_size for file in files), status='Valid' if version == 'draft' else 'Published',
            created=stamp(min(dates)), modified=stamp(max(dates)), active_uploads=0)

    def dandiset_info(self): return dict(identifier=self.dandiset, created=self.version_info('draft')['created'], modified=self.version_info('draft')['modified'], contact_person='Doe, Jane',
        embargo_status='OPEN', star_count=0, is_starred=False)

    def version_metadata(self, version):
        info, published = self.version_info(version), version != 'draft'
        return {'id': f'DANDI:{self.dandiset}/{version}', 'identifier': f'DANDI:{self.dandiset}', 'name': info['name'], 'version': version, 'schemaKey': 'Dandiset', 'schemaVersion': '0.6.10',
            'license': ['spdx:CC-BY-4.0'], 'citation': f'Doe, Jane (2025) A dandiset (Version {version}) [Data set]. DANDI Archive.', 'description': 'Spikes.',
            'contributor': [{'name': 'Doe, Jane', 'schemaKey': 'Person', 'roleName': ['dcite:ContactPerson', 'dcite:Author'], 'includeInCitation': True}],
            'assetsSummary': {'schemaKey': 'AssetsSummary', 'numberOfBytes': info['size'], 'numberOfFiles': info['asset_count']}, 'url': f'https://dandiarchive.org/dandiset/{self.dandiset}/{version}',
            'repository': 'https://dandiarchive.org', 'dateCreated': info['created'], **({'doi': f'10.48324/dandi.{self.dandiset}/{version}', 'datePublished': info['modified']} if published else {})}

    def page(self, request, results):
        number, size = request.query.get('page', '1'), request.query.get('page_size', '')
        size = min(int(size), 1000) if size.isdigit() and int(size) else self.page_size
        pages = max(1, -(-len(results)//size))
        if not number.isdigit() or not 1 <= int(number) <= pages: return as_json({'detail': 'Invalid page.'}, 404)
        def link(n): return f'{self.base["api"]}{urlsplit(request.raw).path}?{urlencode(sorted({**request.query, "page": n}.items()))}' if 1 <= n <= pages else None
        number = int(number)
        return as_json({'count': len(results) if number == 1 else None, 'next': link(number + 1), 'previous': link(number - 1), 'results': results[(number - 1)*size:number*size]})

    def listed(self, query):
        "What the listing's parameters choose: `path` is a prefix and `glob` knows only *, both in any case; `order` is created, modified or path, or -those."
        assets = [(info, metadata) for info, metadata, _ in self.assets().values()]
        true = lambda name: query.get(name, '').lower() in ('true', '1', 'yes', 'on', 't', 'y')
        if true('zarr'): assets = []   # none of these is one
        assets = [asset for asset in assets if asset[0]['path'].lower().startswith(query.get('path', '').lower())]
        if 'glob' in query: assets = [asset for asset in assets if re.fullmatch(re.escape(query['glob']).replace(r'\*', '.*'), asset[0]['path'], re.I | re.S)]
        for name in reversed([name for name in query.get('order', '').split(',') if name.lstrip('-') in ('created', 'modified', 'path')]):
            assets.sort(key=lambda asset: asset[0][name.lstrip('-')], reverse=name.startswith('-'))
        return [{**info, **({'metadata': metadata} if true('metadata') else {})} for info, metadata in assets]

    def route(self, request):
        if request.host == 'blobs':
            by_blob = {self.blob_path(info['blob']): (info, metadata, file) for info, metadata, file in self.assets().values()}
            if request.path not in by_blob: return self.stored(request, None)
            info, metadata, file = by_blob[request.path]
            headers = {'Content-Type': metadata['encodingFormat'], **({'Content-Disposition': request.query['response-content-disposition']} if 'response-content-disposition' in request.query else {})}
            return self.stored(request, Content(info['path'], file, self.digest(file, 'etag'), ranges=self.ranges, headers=headers), public=True)
        missing, parts = as_json({'detail': 'Not found.'}, 404), request.parts()
        if parts[:1] != ['api']: return Answer(404, b'<h1>Not Found</h1>', {'Content-Type': 'text/html'})
        if not request.path.endswith('/'): return redirect(urlsplit(request.raw)._replace(path=urlsplit(request.raw).path + '/').geturl(), 301)
        versions = ['draft', *([self.version] if self.version != 'draft' else [])]
        match parts[1:]:
            case ['info']: return as_json({'schema_version': '0.6.10', 'schema_url': 'https://raw.githubusercontent.com/dandi/schema/master/releases/0.6.10/dandiset.json', 'version': '0.4.0',
                'cli-minimal-version': '0.60.0', 'cli-bad-versions': [], 'services': {'api': {'url': self.url}, 'webui': {'url': 'http://127.0.0.1:1'}, 'jupyterhub': {'url': 'http://127.0.0.1:1'}}})
            case ['dandisets']: return self.page(request, [self.whole_dandiset(versions)])
            case ['dandisets', self.dandiset]: return as_json(self.whole_dandiset(versions))
            case ['dandisets', self.dandiset, 'versions']: return self.page(request, [{**self.version_info(version), 'dandiset': self.dandiset_info()} for version in versions])
            case ['dandisets', self.dandiset, 'versions', version, *rest] if version in versions: return self.of_version(request, version, rest) or missing
            case ['assets', *rest]: return self.of_asset(request, rest) or missing
        return missing

    def whole_dandiset(self, versions):
        draft, *published = [{**self.version_info(version), 'dandiset': self.dandiset_info()} for version in versions]
        return {**self.dandiset_info(), 'draft_version': draft, 'most_recent_published_version': published[0] if published else None}

    def of_version(self, request, version, rest):
        match rest:
            case []: return as_json(self.version_metadata(version))
            case ['info']: return as_json({**self.version_info(version), 'dandiset': self.dandiset_info(), 'metadata': self.version_metadata(version), 'contact_person': 'Doe, Jane',
                'asset_validation_errors': [], 'version_validation_errors': []})
            case ['assets']: return self.page(request, self.listed(request.query))
            case ['assets', *rest]: return self.of_asset(request, rest)

    def of_asset(self, request, rest):
        info, metadata, file = self.assets().get(rest[0] if rest else None, (None,)*3)
        match info and rest[1:]:
            case []: return as_json(metadata)
            case ['info']: return as_json({**info, 'metadata': metadata})
            case ['download']: return redirect(self.signed('blobs', self.blob_path(info['blob']), **{'response-content-disposition': f'attachment; filename="{file.name}"'}))

    def refusal(self, request, fault): return as_json({'detail': 'Request was throttled.' if fault.code == 429 else 'Refused.'}, fault.code)
