// Package main is kube-apiserver as its own project ships it: the same command,
// the same flags. It exists because no registry carries the binary itself.
package main

import (
	"os"

	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	os.Exit(cli.Run(app.NewAPIServerCommand()))
}
