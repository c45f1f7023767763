# The requests of the quickstart, one of each kind. Sourced by quickstart.sh.
# shellcheck shell=bash

# Buckets are short, so that three of them are full after a quarter of a minute.
bucket_millis=5000

# connection_details: as they stand in StackState's form. The scrape interval is given because
# this Prometheus is too young for one to be measured.
connection_details() {
  printf '{"url":"http://127.0.0.1:%s","scrape_interval_ms":1000}' "$prometheus_port"
}

# condition KEY VALUE: one condition, as StackState writes it.
condition() {
  printf '{"_type":"EqualityCondition","key":"%s","value":{"_type":"StringValue","value":"%s"}}' \
    "$1" "${2//\"/\\\"}"
}

# metric_query CONDITIONS [METHOD]: the last full buckets, aggregated by the method, or raw.
metric_query() {
  local now aggregation=''
  now=$(date +%s%3N)
  [[ -z ${2:-} ]] ||
    aggregation='"aggregation":{"_type":"Aggregation","method":"'$2'","bucketSizeMillis":'$bucket_millis'},'
  printf '{"_type":"MetricsRequest","connectionDetails":%s,"query":{"_type":"MetricsQuery","conditions":[%s],%s"metricField":"value","startTime":%s,"endTime":%s,"limit":1000}}' \
    "$(connection_details)" "$1" "$aggregation" "$((now - 3 * bucket_millis))" "$now"
}

# wait_for_buckets: until Prometheus holds three full buckets and the one that was cut.
wait_for_buckets() {
  local samples=0 needed=$((4 * bucket_millis / 1000 + 1)) patience=60
  while ((samples < needed)); do
    ((patience-- > 0)) || die "only $samples of $needed samples after a minute"
    sleep 1
    samples=$(curl -s --max-time 5 --data-urlencode 'query=min(count_over_time(up[1h]))' \
      "http://127.0.0.1:$prometheus_port/api/v1/query" |
      sed -nE 's/.*"value":\[[^,]*,"([0-9]+)"\].*/\1/p')
    samples=${samples:-0}
  done
}

ask_everything() {
  local details job
  details=$(connection_details)
  job=$(condition job prometheus)

  ask "Test connection" /api/connection \
    "{\"_type\":\"TestConnectionRequest\",\"connectionDetails\":$details}" \
    TestConnectionResponse '"status":"OK"'
  ask "Field names" /api/field/name \
    "{\"_type\":\"FieldNamesRequest\",\"connectionDetails\":$details,\"query\":{\"_type\":\"FieldNamesQuery\",\"conditions\":[]}}" \
    FieldNamesResponse '"fieldName":"__counter__"'
  ask "Field values of __counter__" /api/field/value \
    "{\"_type\":\"FieldValuesRequest\",\"connectionDetails\":$details,\"query\":{\"_type\":\"FieldValuesQuery\",\"field\":{\"_type\":\"Field\",\"fieldName\":\"__counter__\"},\"fieldValuePrefix\":\"prometheus_http\",\"conditions\":[],\"limit\":5}}" \
    FieldValuesResponse '"value":"prometheus_http_requests_total"'
  ask "Counter: requests per second" /api/metric \
    "$(metric_query "$(condition __counter__ prometheus_http_requests_total),$job" MEAN)" \
    AggregatedMetricTelemetry '"points":[['
  ask "Gauge: the mean of each bucket" /api/metric \
    "$(metric_query "$(condition __gauge__ go_goroutines),$job" MEAN)" \
    AggregatedMetricTelemetry '"points":[['
  ask "Histogram: the 95th percentile of each bucket" /api/metric \
    "$(metric_query "$(condition __histogram__ prometheus_http_request_duration_seconds),$job" PERCENTILE_95)" \
    AggregatedMetricTelemetry '"points":[['
  ask "Summary: a quantile that it exposes" /api/metric \
    "$(metric_query "$(condition __summary__ go_gc_duration_seconds),$job" PERCENTILE_50)" \
    AggregatedMetricTelemetry '"points":[['
  ask "Tilde: PromQL of your own, with a condition added to it" /api/metric \
    "$(metric_query "$(condition '~' 'sum(rate(prometheus_http_requests_total{code="200"}[10s]))'),$job" MAX)" \
    AggregatedMetricTelemetry '"points":[['
  ask "Raw: the samples themselves" /api/metric \
    "$(metric_query "$(condition __gauge__ go_goroutines),$job")" \
    RawMetricTelemetry '"points":[['
}
