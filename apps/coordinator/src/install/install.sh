#!/bin/sh
# Installs the Cloudless agent on this machine and lets it join.  sh install.sh TOKEN [SHA256-OF-THE-AGENT]
# Needs curl and gzip; Node.js comes along when there is none that is new enough. Root is not needed where this user may use the container engine.
set -eu
BASE='@BASE@'
AGENT_SHA256='@AGENT_SHA256@'
NODE_MAJOR='@NODE_MAJOR@'
TOKEN="${1:-}"
JOIN=$(printf '%s' "$TOKEN" | cut -d. -f3)
case "$JOIN" in join_*) ;; *) JOIN= ;; esac

say() { printf '%s\n' "$*"; }
# Names the hop that failed in the dialog, and here.
report() {
  [ -z "$JOIN" ] || curl -fsSk -m 10 -o /dev/null --data-urlencode "join=$JOIN" --data-urlencode "hop=$1" --data-urlencode "message=$2" "$BASE/install/trouble" 2>/dev/null || :
}
fail() {
  hop=$1; shift
  printf 'cloudless: %s\n' "$*" >&2
  report "$hop" "$*"
  exit 1
}
fetch() { # path, file: what comes is judged by its checksum, not by who sent it
  curl -fsSk --retry 2 -m 900 -o "$2" "$BASE$1" || fail http "$BASE$1 could not be fetched: is this address still the coordinator's? Copy the command anew from the dialog."
}
sha() { # bits, file
  if command -v "sha$1sum" >/dev/null 2>&1; then "sha$1sum" "$2" | cut -d' ' -f1
  elif command -v shasum >/dev/null 2>&1; then shasum -a "$1" "$2" | cut -d' ' -f1
  else openssl dgst "-sha$1" -r "$2" | cut -d' ' -f1; fi
}
check() { # bits, expected, file
  [ "$(sha "$1" "$3")" = "$2" ] || { rm -f "$3"; fail pin "What came for $(basename "$3") is not what the coordinator named: something between changed it. Nothing was installed."; }
}

[ "$AGENT_SHA256" != '' ] || fail http 'This coordinator keeps no agent to install. Start it by `npm start`, which makes one.'
[ -z "${2:-}" ] || AGENT_SHA256=$2
for tool in curl gzip cut uname mktemp; do command -v "$tool" >/dev/null 2>&1 || fail http "$tool is missing: install it and run the command again."; done

case "$(uname -s)" in
  Linux) os=linux ;;
  Darwin) os=darwin ;;
  *) fail version "$(uname -s) is not served. On Windows, run the command in WSL 2." ;;
esac
case "$(uname -m)" in
  x86_64 | amd64) arch=x64 ;;
  aarch64 | arm64) arch=arm64 ;;
  *) fail version "$(uname -m) processors are not served: there is no Node.js $NODE_MAJOR for them." ;;
esac

if [ "$(id -u)" = 0 ]; then
  data=${CLOUDLESS_DATA:-/var/lib/cloudless}; bin=${CLOUDLESS_BIN:-/usr/local/bin}
else
  data=${CLOUDLESS_DATA:-${XDG_DATA_HOME:-$HOME/.local/share}/cloudless}; bin=${CLOUDLESS_BIN:-$HOME/.local/bin}
fi
home=$data/agent/bin
umask 077
mkdir -p "$home" "$data/agent/node/bin" "$bin" || fail store "$data or $bin cannot be written."

# Node.js: what is there when it is new enough, else the coordinator's.
node=$(command -v node || :)
major=$([ -z "$node" ] || "$node" --version 2>/dev/null | sed 's/^v//; s/\..*//')
if [ "${major:-0}" -lt "$NODE_MAJOR" ]; then
  node=$data/agent/node/bin/node
  if [ "$("$node" --version 2>/dev/null | sed 's/^v//; s/\..*//')" != "$NODE_MAJOR" ]; then
    if [ "$os" = linux ] && (ldd --version 2>&1 || :) | grep -qi musl; then
      fail version "This system has no glibc (Alpine?): install Node.js $NODE_MAJOR yourself (apk add nodejs-current) and run the command again."
    fi
    say "Fetching Node.js $NODE_MAJOR for $os-$arch …"
    case "$os-$arch" in
@NODE_SOURCES@
      *) fail version "The coordinator has no Node.js for $os-$arch: install Node.js $NODE_MAJOR and run the command again." ;;
    esac
    chmod 755 "$node"
    "$node" --version >/dev/null 2>&1 || fail version "The Node.js that came does not run here ($os-$arch)."
  fi
fi

say 'Fetching the agent …'
fetch "/install/agent.mjs?join=$JOIN" "$home/agent.new"
check 256 "$AGENT_SHA256" "$home/agent.new"
file=agent-$(printf '%s' "$AGENT_SHA256" | cut -c1-12).mjs
mv -f "$home/agent.new" "$home/$file"
ln -sfn "$file" "$home/current"
rm -f "$home/trial"

cat >"$home/cloudless-agent" <<AGENT
#!/bin/sh
# The Cloudless agent. \`cloudless-agent help\` says what it can do.
DATA='$data'
LINK='$bin/cloudless-agent'
NODE='$node'
AGENT
cat >>"$home/cloudless-agent" <<'AGENT'
@LAUNCHER@
AGENT
chmod 755 "$home/cloudless-agent"
ln -sfn "$home/cloudless-agent" "$bin/cloudless-agent" || fail store "$bin/cloudless-agent cannot be written."

# Without a token, the machine shows a code, and a signed-in person approves it. What the join finds wrong, it tells by itself, in one line; but where a
# network decrypts TLS and lets no link through, the dialog hears it from here. 90 is what curl ends with when a pinned key is not the one it meets.
join() {
  status=0
  "$home/cloudless-agent" join "$@" </dev/null || status=$?
  [ "$status" != 0 ] || return 0
  if [ "$status" = 90 ]; then
    authority=$(curl -skv -m 10 -o /dev/null "$BASE/install/mark" 2>&1 | sed -n 's/^\*[[:space:]]*issuer:.*CN *= *\([^,;]*\).*/\1/p' | head -n 1)
    report tls "TLS is intercepted by ${authority:-another authority} between this machine and $BASE, and it lets no link through. Ask whoever runs that network to let the coordinator through undecrypted, or use another network."
  fi
  exit "$status"
}
if [ -n "$TOKEN" ]; then join "$TOKEN"; else join --at "$BASE"; fi
"$home/cloudless-agent" install </dev/null || exit 1
case ":$PATH:" in *":$bin:"*) ;; *) say "The command is $bin/cloudless-agent ($bin is not on your PATH)." ;; esac
