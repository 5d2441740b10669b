package workflow

import (
	"slices"

	"casare/value"
)

// JSON writes the document in the canonical format 1.1. Equal documents give equal bytes, and Read of them gives the document back.
// The error is that of a value JSON cannot hold (a secret, an infinite number).
func (d *Document) JSON() ([]byte, error) {
	return value.JSON(d.Dict())
}

// Dict returns the document in the canonical format as a value.
func (d *Document) Dict() *value.Dict {
	raw := d.Raw
	if raw == nil {
		raw = value.NewDict().Dict()
	}
	b := value.NewDict()
	b.Set("metadata", d.metadata(raw))
	b.Set("nodes", d.nodes())
	b.Set("connections", d.connections())
	b.Set("variables", d.variables())
	settings, execution := d.settings(raw)
	for key, val := range raw.All() {
		switch key {
		case "metadata", "nodes", "connections", "variables", "settings", "execution_settings":
		default:
			b.Set(key, val)
		}
	}
	b.Set("settings", settings)
	b.Set("execution_settings", execution)
	return b.Dict()
}

// with lays the keys of rest behind those of b that are not there yet.
func with(b *value.DictBuilder, rest *value.Dict) *value.Dict {
	d := b.Dict()
	if rest == nil || rest.Len() == 0 {
		return d
	}
	more := d.Edit()
	for key, val := range rest.All() {
		if _, has := d.Get(key); !has {
			more.Set(key, val)
		}
	}
	return more.Dict()
}

func (d *Document) metadata(raw *value.Dict) *value.Dict {
	b := value.NewDict()
	if d.ID != "" {
		b.Set("id", d.ID)
	}
	b.Set("name", d.Name)
	b.Set("description", d.Description)
	b.Set("version", d.Version)
	rest, _ := dictAt(raw, "metadata")
	return with(b, rest)
}

func (d *Document) nodes() *value.Dict {
	nodes := value.NewDict()
	for _, s := range d.Steps {
		b := value.NewDict()
		b.Set("node_id", s.ID)
		b.Set("node_type", s.Type)
		b.Set("config", s.config())
		b.Set("position", value.List{number(s.Position.X), number(s.Position.Y)})
		if s.Name != "" {
			b.Set("name", s.Name)
		}
		nodes.Set(s.ID, with(b, s.Raw))
	}
	return nodes.Dict()
}

// config returns the form with the switch that the field Disabled stands for.
func (s *Step) config() *value.Dict {
	config := s.Config
	if config == nil {
		config = value.NewDict().Dict()
	}
	if off, _ := asBool(first(config.Get("_disabled"))); off != s.Disabled {
		config = config.With("_disabled", s.Disabled)
	}
	if requires, _ := textList(first(config.Get("_requires"))); !slices.Equal(requires, s.Requires) {
		list := make(value.List, len(s.Requires))
		for i, need := range s.Requires {
			list[i] = need
		}
		config = config.With("_requires", list)
	}
	if robot, _ := plainText(first(config.Get("_robot"))); robot != s.Robot {
		config = config.With("_robot", s.Robot)
	}
	return config
}

func (d *Document) connections() value.List {
	list := make(value.List, 0, len(d.Wires))
	for _, w := range d.Wires {
		b := value.NewDict()
		b.Set("source_node", w.From)
		b.Set("source_port", w.FromPort)
		b.Set("target_node", w.To)
		b.Set("target_port", w.ToPort)
		list = append(list, with(b, w.Raw))
	}
	return list
}

func (d *Document) variables() *value.Dict {
	all := value.NewDict()
	for _, v := range d.Variables {
		b := value.NewDict()
		b.Set("name", v.Name)
		b.Set("type", v.Type)
		b.Set("default_value", v.Default)
		b.Set("description", v.Description)
		b.Set("sensitive", v.Sensitive)
		b.Set("readonly", v.ReadOnly)
		all.Set(v.Name, with(b, v.Raw))
	}
	return all.Dict()
}

// settings writes each setting in both places, because old clients read either the one or the other.
func (d *Document) settings(raw *value.Dict) (settings, execution *value.Dict) {
	s := d.Settings
	timeout := number(s.StepTimeout.Seconds())
	b := value.NewDict()
	b.Set("stop_on_error", s.StopOnError)
	b.Set("timeout", timeout)
	b.Set("retry_count", int64(s.RetryCount))
	if s.Cleanup {
		b.Set("cleanup", true)
	}
	if s.Strict {
		b.Set("durability", "strict")
	}
	if s.Fence {
		b.Set("isolation", "stop")
	}
	if s.IsolationWait != 0 {
		b.Set("isolation_wait", number(s.IsolationWait.Seconds()))
	}
	rest, _ := dictAt(raw, "settings")
	settings = with(b, rest)

	b = value.NewDict()
	b.Set("continue_on_error", !s.StopOnError)
	b.Set("stop_on_error", s.StopOnError)
	b.Set("node_timeout", timeout)
	rest, _ = dictAt(raw, "execution_settings")
	return settings, with(b, rest)
}
