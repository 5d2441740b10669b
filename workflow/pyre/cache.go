package pyre

import "sync"

// maxCached is how many patterns are kept, as in CPython.
const maxCached = 512

// compiled keeps patterns for the whole process. A Regexp never changes, so nobody can tell but by the clock.
var compiled = cache{re: make(map[cacheKey]*Regexp)}

type cacheKey struct {
	pattern string
	flags   Flags
}

// cache keeps the patterns that were used last, in two generations: when the young one is full it becomes the old one, and what is not
// used again is gone with the next change.
type cache struct {
	mu  sync.Mutex
	re  map[cacheKey]*Regexp
	old map[cacheKey]*Regexp
}

func (c *cache) get(k cacheKey) (*Regexp, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if re, ok := c.re[k]; ok {
		return re, true
	}
	re, ok := c.old[k]
	if ok {
		c.add(k, re)
	}
	return re, ok
}

func (c *cache) put(k cacheKey, re *Regexp) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(k, re)
}

func (c *cache) add(k cacheKey, re *Regexp) {
	if len(c.re) >= maxCached/2 {
		c.old, c.re = c.re, make(map[cacheKey]*Regexp)
	}
	c.re[k] = re
}
