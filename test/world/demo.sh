#!/usr/bin/env bash
# `npm run demo`: installs, builds, and starts the simulated world with a manager in it. Ctrl-C ends all of it.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ ! -d node_modules ] || [ package-lock.json -nt node_modules ]; then
  npm ci --ignore-scripts --no-audit --no-fund
fi
npm run --silent build
exec node --import tsx test/world/demo.ts "$@"
