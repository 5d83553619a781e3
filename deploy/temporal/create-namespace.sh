#!/bin/sh
# Creates Premirror's namespace and search attributes. Can be run again: what exists is kept.
# TEMPORAL_ADDRESS (the command reads it by itself), NAMESPACE, RETENTION.
set -eu

temporal operator namespace describe --namespace "$NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$NAMESPACE" --retention "$RETENTION"

for each in PremirrorApplication=Keyword PremirrorPhase=Keyword PremirrorMode=Keyword PremirrorZones=KeywordList; do
  # A namespace that was created a moment ago may not be known everywhere yet.
  attempt=1
  until temporal operator search-attribute create --namespace "$NAMESPACE" \
    --name "${each%=*}" --type "${each#*=}"; do
    [ "$attempt" -lt 30 ] || exit 1
    attempt=$((attempt + 1))
    sleep 1
  done
done
