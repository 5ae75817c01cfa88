#!/bin/sh
# Makes what the containers of compose.cluster.yaml share, once: the cluster's master key, and a password for the store.
# The folder is yours alone; the files in it are readable, because containers run as other users.
set -eu
cd "$(dirname "$0")"
[ -d secrets ] || mkdir -m 700 secrets
cd secrets
if [ -e master.key ] || [ -e store-password ]; then
  echo "docker/secrets is made already, and stays as it is" >&2
  exit 0
fi
head -c 32 /dev/urandom | base64 > master.key
head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' > store-password
cat > store-auth.json <<END
[
  { "username": "cloudless", "password": "$(cat store-password)", "perms": ["execute", "query", "status", "backup", "ready", "join"] },
  { "username": "*", "perms": ["ready"] }
]
END
chmod 444 master.key store-password store-auth.json
