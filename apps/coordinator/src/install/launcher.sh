BIN=$DATA/agent/bin
export CLOUDLESS_DATA="$DATA" CLOUDLESS_AGENT_HOME="$BIN" CLOUDLESS_AGENT_LINK="$LINK"
# One heap for all threads, and one helper thread of V8: 4 MiB less, and nothing slower that hardly works.
export MALLOC_ARENA_MAX=1
[ "${1:-}" != watchdog ] || exec "$NODE" --max-semi-space-size=1 --max-old-space-size=32 "$BIN/current" watchdog
[ "${1:-}" = run ] || exec "$NODE" "$BIN/current" "$@"

# Keeps the agent running. A new version is on trial until it was welcomed by the coordinator: when it ends before, the one before comes back.
child=
stopping=
stop() { stopping=1; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null; }
trap stop TERM INT HUP
wait_s=1
while [ -z "$stopping" ]; do
  "$NODE" --max-semi-space-size=2 --v8-pool-size=1 "$BIN/current" run &
  child=$!
  wait "$child"
  code=$?
  # A signal to this shell ends the wait, not the agent.
  while kill -0 "$child" 2>/dev/null; do wait "$child"; code=$?; done
  child=
  [ -z "$stopping" ] || exit 0
  case $code in
    75) wait_s=1; continue ;; # another version was put in place
    76) exit 0 ;; # the device has left its cluster
  esac
  if [ -e "$BIN/trial" ]; then
    before=$(cat "$BIN/trial")
    echo "cloudless: the new agent did not come up (exit $code); going back to $before" >&2
    readlink "$BIN/current" >"$BIN/refused"
    ln -sfn "$before" "$BIN/current"
    rm -f "$BIN/trial"
    wait_s=1
    continue
  fi
  sleep "$wait_s" &
  child=$!
  wait "$child"
  child=
  wait_s=$((wait_s < 30 ? wait_s * 2 : 30))
done
