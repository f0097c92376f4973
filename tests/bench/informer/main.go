// The lean exporter that one writes in Go with the stock parts: a shared informer of client-go
// and a counter of client_golang.
//
// It is not exact (repeats that jump, returns after the TTL and relists are counted wrong): the
// benchmark has it for its cost alone.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net/http"
	"os/signal"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

var events = promauto.NewCounterVec(
	prometheus.CounterOpts{Name: "kube_events_total", Help: "Events."},
	[]string{"type", "reason", "kind", "namespace", "component"},
)

// count takes one notification of the informer for one occurrence, as far as this program knows.
func count(object any) {
	event, ok := object.(*corev1.Event)
	if !ok {
		return
	}
	component := event.Source.Component
	if component == "" {
		component = event.ReportingController
	}
	about := event.InvolvedObject
	events.WithLabelValues(event.Type, event.Reason, about.Kind, about.Namespace, component).Inc()
}

func main() {
	kubeconfig := flag.String("kubeconfig", "", "path of the kubeconfig")
	listen := flag.String("listen", "127.0.0.1:0", "address of /metrics")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()

	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		log.Fatal(err)
	}
	factory := informers.NewSharedInformerFactory(kubernetes.NewForConfigOrDie(config), 0)
	handler := cache.ResourceEventHandlerFuncs{
		AddFunc:    count,
		UpdateFunc: func(_, newer any) { count(newer) },
	}
	if _, err := factory.Core().V1().Events().Informer().AddEventHandler(handler); err != nil {
		log.Fatal(err)
	}
	factory.Start(ctx.Done())

	http.Handle("/metrics", promhttp.Handler())
	server := &http.Server{Addr: *listen}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
}
