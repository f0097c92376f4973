// A client of Go's standard library alone, as Prometheus is one.
module kube-event-metrics/tests/integration/goclient

go 1.25.0
