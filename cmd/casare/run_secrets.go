package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"

	"casare/value"
)

// secretVariable is how the environment names a secret of casare run: CASARE_SECRET_MAIL_PASSWORD for mail-password.
const secretVariable = "CASARE_SECRET_"

// secretsFlag registers --secrets.
func secretsFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "secrets", "", "FILE: a JSON object of the secrets that {{$secret:name}} stands for; "+
		"CASARE_SECRET_NAME in the environment wins over it")
}

// localSecrets reads the secrets that a run without a mesh may use: those of a file, a JSON object of names and texts, and of the
// environment, which wins. file may be "".
func localSecrets(file string) (func(name string) (string, bool), error) {
	texts := map[string]string{}
	if file != "" {
		raw, err := readDocument(file)
		if err != nil {
			return nil, err
		}
		parsed, err := value.ParseJSON(raw)
		object, ok := parsed.(*value.Dict)
		if err != nil || !ok {
			return nil, usageError("--secrets %s: a JSON object of names and texts is needed", file)
		}
		for k, v := range object.All() {
			text, ok := v.(string)
			if !ok {
				return nil, usageError("--secrets %s: %s is no text", file, value.Str(k))
			}
			texts[value.Str(k)] = text
		}
	}
	return func(name string) (string, bool) {
		if text, ok := os.LookupEnv(secretVariable + environmentName(name)); ok {
			return text, true
		}
		text, ok := texts[name]
		return text, ok
	}, nil
}

// environmentName writes a name as the environment can hold it.
func environmentName(name string) string {
	return strings.Map(func(c rune) rune {
		if c == '-' || c == '.' {
			return '_'
		}
		return c
	}, strings.ToUpper(name))
}
