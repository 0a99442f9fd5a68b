#!/usr/bin/env bash
# Sets itself up and runs every test: what `npm test` and CI call.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -d node_modules ] && [ node_modules -nt package-lock.json ] || npm ci --ignore-scripts --no-audit --no-fund
npm run --silent build
npm run --silent lint
mapfile -t files < <(find test -name '*.test.ts' | sort)
export ORBIT_TEST=built
exec node --import tsx --test --test-concurrency=2 --test-timeout=120000 "${files[@]}"
