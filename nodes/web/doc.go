// Package web holds the node types that prepare requests and read answers of web services.
package web
