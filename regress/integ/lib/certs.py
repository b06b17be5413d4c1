# SPDX-License-Identifier: ISC
"""Keys and certificates, made for a test."""

import os
import shutil
import subprocess

from .suite import WRAPPER


def openssl(*args):
    subprocess.run(["openssl"] + list(args), check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


class Authority:
    """One that signs: its certificate and those it gives."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.key, self.crt = self.path("ca.key"), self.path("ca.crt")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=" + name, "-keyout", self.key,
                "-out", self.crt)

    def path(self, what):
        return os.path.join(self.folder, "%s-%s" % (self.name, what))

    def issue(self, name):
        """Key and certificate for localhost: two paths."""
        key, csr, crt = (self.path(name + x) for x in
                         (".key", ".csr", ".crt"))
        ext = self.path(name + ".ext")
        with open(ext, "w") as f:
            f.write("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        openssl("req", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                "/CN=" + name, "-keyout", key, "-out", csr)
        openssl("x509", "-req", "-in", csr, "-CA", self.crt, "-CAkey",
                self.key, "-CAcreateserial", "-days", "2", "-extfile", ext,
                "-out", crt)
        return secret(key), crt


def secret(path):
    """A file that its owner alone reads: who runs the suite."""
    os.chmod(path, 0o600)
    if WRAPPER:
        shutil.chown(path, "nobody")
    return path


def read(path):
    with open(path, "rb") as f:
        return f.read()
