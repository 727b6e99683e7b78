#!/usr/bin/env bash
# The rings under every verifier that this machine has: loom, Miri, ThreadSanitizer. Each must pass
# the rings as they are and fail them with the planted relaxed store (`engine/src/canary.rs`).
# Usage: rings.sh [loom] [miri] [tsan]; all of them if none is named.
set -uo pipefail
cd "$(dirname "$0")/.."
# Models want optimised code, but no link-time optimisation.
export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16

wanted=" ${*:-loom miri tsan} "
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# verify NAME WORDS COMMAND...: the command passes as it is, and fails with the planted bug, saying
# one of WORDS (a pattern). Its RUSTFLAGS come from $flags.
verify() {
  local name=$1 words=$2
  shift 2
  if RUSTFLAGS="$flags" MIRIFLAGS="${miri:-}" "$@" >"$log" 2>&1; then
    grep -E '^(loom:|test result)' "$log" | sed "s/^loom: //; s/^/$name: /"
  else
    tail -40 "$log"
    echo "$name: FAILED"
    failed=1
    return
  fi
  # Miri hides the environment from what it runs, unless it is told otherwise.
  if RUSTFLAGS="$flags --cfg canary" SEAWALL_CANARY=publish-relaxed \
    MIRIFLAGS="${miri:-} -Zmiri-env-forward=SEAWALL_CANARY" "$@" >"$log" 2>&1; then
    echo "$name: FAILED: did not catch the planted relaxed store"
    failed=1
  elif grep -qE "$words" "$log"; then
    echo "$name: catches the planted relaxed store: $(grep -m1 -E "$words" "$log" | cut -c1-120)"
  else
    tail -40 "$log"
    echo "$name: FAILED: with the planted bug it fails, but not for that reason"
    failed=1
  fi
}

# alone NAME COMMAND...: the command passes. Few cases of each property: an interpreter is slow.
alone() {
  local name=$1
  shift
  if PROPTEST_CASES=2 RUSTFLAGS="$flags" MIRIFLAGS="$miri" "$@" >"$log" 2>&1; then
    grep -E '^test result' "$log" | sed "s/^/$name: /"
  else
    tail -40 "$log"
    echo "$name: FAILED"
    failed=1
  fi
}

if [[ $wanted == *' loom '* ]]; then
  flags='--cfg loom'
  verify loom 'Causality violation|[Cc]oncurrent' cargo test --release -p seawall-engine --lib \
    --target-dir target/loom ring::models -- --nocapture
fi

host=$(rustc -vV | sed -n 's/^host: //p')
flags=''
if [[ $wanted != *' miri '* ]]; then
  :
elif cargo +nightly miri --version >/dev/null 2>&1; then
  verify Miri 'Data race detected' cargo +nightly miri test -p seawall-engine --lib \
    --target-dir target/miri -- ring::tests::two_threads_lose_nothing ring::tests::a_
  # What has no threads: the book's store and index. (The log's tests take an interpreter too long:
  # `cargo +nightly miri test -p seawall-engine --test journal` by hand.)
  # `MIRI_TARGET=s390x-unknown-linux-gnu` looks at it as a big-endian machine would.
  miri='-Zmiri-strict-provenance -Zmiri-disable-isolation'
  alone 'Miri, book' cargo +nightly miri test -p seawall-engine --target-dir target/miri \
    ${MIRI_TARGET:+--target "$MIRI_TARGET"} --lib -- --skip ring:: --skip pipeline:: \
    --skip risk:: --skip liquidation:: --skip core::
else
  echo 'SKIPPED: Miri: no nightly toolchain with the miri component'
fi

sysroot=$(rustc +nightly --print sysroot 2>/dev/null || true)
runtime=$(ls "$sysroot/lib/rustlib/$host/lib/"*_rt.tsan.a 2>/dev/null | head -1)
if [[ $wanted != *' tsan '* ]]; then
  :
elif [ -n "$runtime" ]; then
  flags='-Zsanitizer=thread'
  std=(-Zbuild-std)
  if [ ! -d "$sysroot/lib/rustlib/src/rust/library" ]; then
    # Without rust-src the standard library stays as it was shipped. What the rings and their tests do,
    # atomics included, is compiled here and seen; threads start and end through calls that the
    # sanitizer stands behind. What the library does inside is not seen, and none of it is ours.
    echo 'ThreadSanitizer: no rust-src: the standard library is not instrumented'
    flags+=' -Cunsafe-allow-abi-mismatch=sanitizer'
    std=()
  fi
  export TSAN_OPTIONS='halt_on_error=1'
  verify ThreadSanitizer 'data race' cargo +nightly test "${std[@]}" --target "$host" \
    -p seawall-engine --lib --target-dir target/tsan -- ring::tests pipeline::tests
else
  echo 'SKIPPED: ThreadSanitizer: no nightly toolchain with its runtime'
fi
exit "$failed"
