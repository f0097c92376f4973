// Asks a server over TLS as Prometheus does, with crypto/tls and net/http, and tells on standard
// output, as JSON, what came of each request. With -workers it asks until standard input ends, and
// tells the sum.
package main

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

type options struct {
	url, ca, cert, key, user, password string
	minimum, maximum, suites, curves   string
	http2                              bool
	requests, workers                  int
}

// answer is what came of a request: an error, or all the rest.
type answer struct {
	Error       string `json:"error,omitempty"`
	Status      int    `json:"status,omitempty"`
	Size        int    `json:"size,omitempty"`
	Protocol    string `json:"protocol,omitempty"`
	Negotiated  string `json:"negotiated"`
	Version     string `json:"version,omitempty"`
	Suite       string `json:"suite,omitempty"`
	Curve       string `json:"curve,omitempty"`
	Certificate string `json:"certificate,omitempty"`
	// Whether it went out on a connection that was there before.
	Reused bool `json:"reused"`
	// Connections that were tried: more than one where Go sent it again.
	Connections int `json:"connections"`
}

// total is what came of the requests of one worker.
type total struct {
	Kept         bool     `json:"kept"`
	Answered     int      `json:"answered"`
	Reused       int      `json:"reused"`
	Resent       int      `json:"resent"`
	Failures     []string `json:"failures"`
	Certificates []string `json:"certificates"`
}

func main() {
	var o options
	flag.StringVar(&o.url, "url", "", "what to ask for")
	flag.StringVar(&o.ca, "ca", "", "file with the authorities of the server")
	flag.StringVar(&o.cert, "cert", "", "file with a certificate of the client")
	flag.StringVar(&o.key, "key", "", "file with its key")
	flag.StringVar(&o.user, "user", "", "for basic auth")
	flag.StringVar(&o.password, "password", "", "for basic auth")
	flag.StringVar(&o.minimum, "min", "TLS12", "least version of TLS")
	flag.StringVar(&o.maximum, "max", "TLS13", "greatest version of TLS")
	flag.StringVar(&o.suites, "suites", "", "cipher suites to offer, by name, with commas")
	flag.StringVar(&o.curves, "curves", "", "curves to offer, by name, with commas")
	flag.BoolVar(&o.http2, "http2", false, "ask for HTTP/2")
	flag.IntVar(&o.requests, "requests", 1, "how many, one after the other")
	flag.IntVar(&o.workers, "workers", 0, "as many keep their connections, as many do not")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func run(o options) error {
	config, err := o.tls()
	if err != nil {
		return err
	}
	told := json.NewEncoder(os.Stdout)
	if o.workers > 0 {
		return told.Encode(load(o, config))
	}
	client := o.client(config, true)
	for range o.requests {
		if err := told.Encode(ask(o, client)); err != nil {
			return err
		}
	}
	return nil
}

func (o options) tls() (*tls.Config, error) {
	pem, err := os.ReadFile(o.ca)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: no certificate", o.ca)
	}
	config := &tls.Config{RootCAs: roots}
	if o.cert != "" {
		pair, err := tls.LoadX509KeyPair(o.cert, o.key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	versions := map[string]uint16{
		"TLS10": tls.VersionTLS10, "TLS11": tls.VersionTLS11,
		"TLS12": tls.VersionTLS12, "TLS13": tls.VersionTLS13,
	}
	config.MinVersion, config.MaxVersion = versions[o.minimum], versions[o.maximum]
	if config.MinVersion == 0 || config.MaxVersion == 0 {
		return nil, errors.New("no such version")
	}
	known := map[string]uint16{}
	for _, suite := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		known[suite.Name] = suite.ID
	}
	for _, name := range list(o.suites) {
		id, found := known[name]
		if !found {
			return nil, fmt.Errorf("no cipher suite of Go: %s", name)
		}
		config.CipherSuites = append(config.CipherSuites, id)
	}
	curves := map[string]tls.CurveID{}
	for _, curve := range []tls.CurveID{
		tls.CurveP256, tls.CurveP384, tls.CurveP521, tls.X25519, tls.X25519MLKEM768,
	} {
		curves[curve.String()] = curve
	}
	for _, name := range list(o.curves) {
		curve, found := curves[name]
		if !found {
			return nil, fmt.Errorf("no curve of Go: %s", name)
		}
		config.CurvePreferences = append(config.CurvePreferences, curve)
	}
	return config, nil
}

func (o options) client(config *tls.Config, keep bool) *http.Client {
	return &http.Client{
		Timeout: 20 * time.Second,
		Transport: &http.Transport{
			TLSClientConfig:   config.Clone(),
			ForceAttemptHTTP2: o.http2,
			DisableKeepAlives: !keep,
		},
	}
}

func ask(o options, client *http.Client) answer {
	var got answer
	request, err := http.NewRequest(http.MethodGet, o.url, nil)
	if err != nil {
		return answer{Error: err.Error()}
	}
	request.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "10")
	if o.user != "" {
		request.SetBasicAuth(o.user, o.password)
	}
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		got.Connections++
		got.Reused = info.Reused
	}}
	response, err := client.Do(request.WithContext(httptrace.WithClientTrace(request.Context(), trace)))
	if err != nil {
		return answer{Error: err.Error(), Connections: got.Connections}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{Error: err.Error(), Connections: got.Connections}
	}
	state := response.TLS
	shown := sha256.Sum256(state.PeerCertificates[0].Raw)
	got.Status, got.Size, got.Protocol = response.StatusCode, len(body), response.Proto
	got.Negotiated, got.Version = state.NegotiatedProtocol, tls.VersionName(state.Version)
	got.Suite, got.Curve = tls.CipherSuiteName(state.CipherSuite), state.CurveID.String()
	got.Certificate = hex.EncodeToString(shown[:])
	return got
}

// load has workers of both kinds ask until standard input ends. A line there asks for a line of
// how much has been answered so far by the slowest of them.
func load(o options, config *tls.Config) []total {
	totals := make([]total, 2*o.workers)
	answered := make([]atomic.Int64, len(totals))
	ended := make(chan struct{})
	var working sync.WaitGroup
	for number := range totals {
		own := &totals[number]
		own.Kept = number < o.workers
		own.Failures, own.Certificates = []string{}, []string{}
		working.Go(func() {
			client := o.client(config, own.Kept)
			for {
				select {
				case <-ended:
					return
				default:
				}
				own.add(ask(o, client))
				answered[number].Add(1)
			}
		})
	}
	var line [1]byte
	for {
		if _, err := os.Stdin.Read(line[:]); err != nil {
			close(ended)
			working.Wait()
			return totals
		}
		least := answered[0].Load()
		for number := range answered {
			least = min(least, answered[number].Load())
		}
		fmt.Println(least)
	}
}

func (t *total) add(got answer) {
	switch {
	case got.Error != "":
		t.Failures = append(t.Failures, got.Error)
		return
	case got.Status != http.StatusOK:
		t.Failures = append(t.Failures, fmt.Sprint("status ", got.Status))
		return
	}
	t.Answered++
	if got.Reused {
		t.Reused++
	}
	if got.Connections > 1 {
		t.Resent++
	}
	if !slices.Contains(t.Certificates, got.Certificate) {
		t.Certificates = append(t.Certificates, got.Certificate)
	}
}

func list(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}
