"""CPU builds come from PyTorch's index where it answers; here something else answers in its name."""

import socketserver
import ssl
import threading
from dataclasses import replace

import pytest
import trustme

from opfixtures.errors import RuntimeUnavailable
from opfixtures.runtimes.wheels import has_cuda_on_pypi, in_the_way, why_no_wheel
from tests.runtimes.test_release import SPEC, add_wheel, obtain, wheels  # noqa: F401

INDEX = "download.pytorch.org"


@pytest.mark.parametrize(
    ("torch", "system", "expected"),
    [
        ("1.12.1", "Linux", False),
        ("1.13.0", "Linux", True),
        ("2.13.0", "Linux", True),
        ("2.13.0+cpu", "Linux", True),
        ("2.13.0+cu130", "Linux", False),
        ("2.13.0", "Darwin", False),
    ],
)
def test_only_wheels_with_cuda_are_looked_for_elsewhere(torch, system, expected):
    assert has_cuda_on_pypi(torch, system) is expected


@pytest.mark.parametrize(
    ("torch", "system", "machine", "expected"),
    [
        (
            "1.7.1",
            "Linux",
            "aarch64",
            "for Linux on aarch64 PyPI has torch 1.8.0, 1.10.0 and later, and not 1.7.1",
        ),
        ("1.8.0", "Linux", "aarch64", None),
        (
            "1.9.1",
            "Linux",
            "aarch64",
            "for Linux on aarch64 PyPI has torch 1.8.0, 1.10.0 and later, and not 1.9.1",
        ),
        (
            "1.8.1",
            "Darwin",
            "arm64",
            "for macOS on ARM PyPI has torch 1.9.0, 1.10.0 and later, and not 1.8.1",
        ),
        ("2.2.2", "Darwin", "x86_64", None),
        ("2.3.0", "Darwin", "x86_64", "for macOS on Intel PyPI has torch up to 2.2.2, and not 2.3.0"),
        ("1.5.1", "Linux", "x86_64", None),
        ("1.5.1", "Plan9", "x86_64", None),
    ],
)
def test_a_machine_without_wheels_is_told_which_there_are(torch, system, machine, expected):
    assert why_no_wheel(torch, system, machine) == expected


def test_what_is_in_the_way_is_named():
    assert in_the_way(
        {"UV_OFFLINE": "1", "UV_REQUIRE_HASHES": "", "UV_CACHE_DIR": "/c", "PIP_INDEX_URL": "x"}
    ) == [
        "UV_OFFLINE",
        "PIP_INDEX_URL",
    ]


@pytest.fixture
def index(tmp_path):
    """The environment in which uv reaches a server of ours where it asks PyTorch's for something, and what it asked."""
    folder, asked = tmp_path / "index", []
    folder.mkdir()
    add_wheel(folder, "torch", "1.13.0+cpu")
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(INDEX).configure_cert(tls)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")

    class Proxy(socketserver.StreamRequestHandler):
        def handle(self):
            asked.append(self.rfile.readline().decode().split()[1])
            while self.rfile.readline().strip():
                pass
            if not asked[-1].startswith(INDEX):
                self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                return
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            with tls.wrap_socket(self.connection, server_side=True) as inner, inner.makefile("rwb") as stream:
                while line := stream.readline():
                    path = line.decode().split()[1]
                    while stream.readline().strip():
                        pass
                    asked.append(path)
                    stream.write(answer(path))
                    stream.flush()

    def answer(path):
        file = folder / path.rpartition("/")[2]
        body = b"" if file == folder / "" or not file.is_file() else file.read_bytes()
        if path == "/whl/cpu/torch/":
            body = "".join(f"<a href='{one.name}'>{one.name}</a>" for one in folder.iterdir()).encode()
        kind = "application/octet-stream" if path.endswith(".whl") else "text/html"
        status = "200 OK" if body else "404 Not Found"
        return (
            f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Proxy) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield (
            {
                "UV_OFFLINE": "0",
                "UV_HTTP_RETRIES": "0",
                "SSL_CERT_FILE": str(tmp_path / "ca.pem"),
                "HTTPS_PROXY": f"http://127.0.0.1:{server.server_address[1]}",
            },
            asked,
        )
        server.shutdown()


@pytest.fixture(autouse=True)
def _on_linux(monkeypatch):
    monkeypatch.setattr("opfixtures.runtimes.release._UNDECLARED", {})
    monkeypatch.setattr("opfixtures.runtimes.release.platform.system", lambda: "Linux")


def test_cpu_builds_come_from_pytorchs_own_index(obtain, index, capsys):  # noqa: F811
    environment, asked = index
    found = obtain(replace(SPEC, torch="1.13.0"), **environment)
    assert found.name == "torch 1.13.0"
    assert {place for place in asked if ":443" in place} == {f"{INDEX}:443"}
    assert any(place.endswith("torch-1.13.0+cpu-py3-none-any.whl") for place in asked)
    assert "CUDA" not in capsys.readouterr().out
    # One release, however its build is called: it is not installed twice.
    again = obtain(replace(SPEC, torch="1.13.0+cpu"), PATH="/nowhere")
    assert again.python == found.python


def test_where_that_index_does_not_answer_the_default_one_is_taken_and_told(obtain, wheels, index, capsys):  # noqa: F811
    mirror = wheels / "torch"
    mirror.mkdir()
    add_wheel(mirror, "torch", "1.13.0")
    (mirror / "index.html").write_text(
        "<a href='torch-1.13.0-py3-none-any.whl'>torch-1.13.0-py3-none-any.whl</a>"
    )
    dead = {**index[0], "HTTPS_PROXY": "http://127.0.0.1:9"}
    obtain(replace(SPEC, torch="1.13.0"), UV_DEFAULT_INDEX=wheels.as_uri(), **dead)
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "CUDA" in line)
    assert line.startswith(
        "PyTorch's index of CPU builds was no help: taking torch from the default index, where"
    )
    assert line.endswith(")")


def test_a_users_own_choice_of_builds_is_uvs(obtain, wheels, capsys):  # noqa: F811
    add_wheel(wheels, "torch", "1.13.0")
    obtain(replace(SPEC, torch="1.13.0"), PIP_FIND_LINKS=wheels.as_uri(), UV_TORCH_BACKEND="auto")
    assert "CUDA" not in capsys.readouterr().out


def test_older_releases_are_looked_for_in_one_place(obtain, wheels, index):  # noqa: F811
    obtain(replace(SPEC, torch="0.1"), PIP_FIND_LINKS=wheels.as_uri(), UV_OFFLINE="1")
    assert index[1] == []


def test_the_error_names_what_is_in_the_way(obtain, wheels):  # noqa: F811
    with pytest.raises(
        RuntimeUnavailable, match="; uv also follows UV_OFFLINE, UV_REQUIRE_HASHES, PIP_FIND_LINKS of"
    ):
        obtain(replace(SPEC, torch="0.1"), PIP_FIND_LINKS=wheels.as_uri(), UV_REQUIRE_HASHES="1")
