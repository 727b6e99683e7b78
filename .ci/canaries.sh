#!/usr/bin/env bash
# Planted bugs (docs/TESTING.md, Canaries): each must be caught, none where none is planted, and a
# normal build must not contain them. Prints a table; `--write` puts it into docs/TESTING.md.
set -euo pipefail
cd "$(dirname "$0")/.."

table=$(mktemp)
log=$(mktemp)
trap 'rm -f "$table" "$log"' EXIT

# The bugs that a test of commands can see.
target=target/canary
RUSTFLAGS='--cfg canary' cargo build --quiet --profile canary --target-dir "$target" -p canaries
"$target/canary/canaries" | tee "$table"

# The one that it cannot: loom looks at every order in which a store may be seen.
started=$SECONDS
if CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
  RUSTFLAGS='--cfg loom --cfg canary' SEAWALL_CANARY=publish-relaxed cargo test --release \
  -p seawall-engine --lib --target-dir target/loom ring::models -- --nocapture >"$log" 2>&1; then
  echo 'publish-relaxed: not caught by loom' >&2
  exit 1
fi
found=$(grep -m1 -oE 'Causality violation|[Cc]oncurrent [a-z]+ accesses' "$log") || { tail -40 "$log"; exit 1; }
after=$(grep -m1 -oE '[0-9]+ interleavings' "$log")
echo "| \`publish-relaxed\` | loom | ${found,} | $after | $((SECONDS - started)), with the build |" | tee -a "$table"

# A normal build knows no name of a bug and has no code of one; the other build shows that this
# way of looking finds them.
cargo build --quiet --release
looks() { grep -acE 'SEAWALL_CANARY|fund-pays-twice|canary6chosen' "$1" || true; }
[ "$(looks "$target/canary/canaries")" -gt 0 ] || { echo 'the search for traces finds none'; exit 1; }
[ "$(looks target/release/seawall)" = 0 ] || { echo 'a normal build contains planted bugs'; exit 1; }
echo 'a normal build contains none of them: no name, no variable, no symbol'

if [ "${1:-}" = --write ]; then
  python3 .ci/testing_md.py canaries "$table"
fi
