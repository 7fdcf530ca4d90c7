// SPDX-License-Identifier: GPL-2.0-or-later

// A Go program with what Go's table has to name: inlined, generic and generated functions, methods,
// closures, assembly.
package main

import (
	"crypto/elliptic"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"os"
	"sort"
	"strings"
)

type pair[K comparable, V any] struct {
	key   K
	value V
}

func pairs[K comparable, V any](m map[K]V) []pair[K, V] {
	var all []pair[K, V]
	for k, v := range m {
		all = append(all, pair[K, V]{k, v})
	}
	return all
}

type shape interface{ area() float64 }

type square struct{ side float64 }

func (s square) area() float64 { return s.side * s.side }

type named struct {
	square
	name string
}

func total(shapes []shape) (sum float64) {
	for _, s := range shapes {
		sum += s.area()
	}
	return sum
}

func double(i int) int { return 2 * i }

func quadruple(i int) int { return double(double(i)) }

func main() {
	all := pairs(map[string]int{"a": quadruple(len(os.Args)), "b": 2})
	sort.Slice(all, func(i, k int) bool { return all[i].key < all[k].key })
	fmt.Println(all, pairs(map[int]square{1: {2}}), total([]shape{square{1}, &named{square{2}, "x"}}))
	fmt.Println(elliptic.P256().Params().BitSize, sha256.Sum256([]byte(strings.Repeat("x", 99))))
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	fmt.Println(http.ListenAndServe("256.0.0.1:0", nil))
}
