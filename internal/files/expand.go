package files

import (
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"casare/node"
)

// folderVariables are the environment variables that say where a person's files are. Others may hold secrets, and a path that was not
// found is written to logs.
var folderVariables = []string{
	"HOME", "TMPDIR", "TEMP", "TMP", "USER", "LOGNAME", "USERNAME", "USERPROFILE", "HOMEDRIVE", "HOMEPATH", "APPDATA", "LOCALAPPDATA",
	"PUBLIC", "ProgramData", "OneDrive", "SystemDrive", "COMPUTERNAME", "USERDOMAIN", "XDG_DATA_HOME", "XDG_DOCUMENTS_DIR", "XDG_DOWNLOAD_DIR",
}

var (
	dollarName  = regexp.MustCompile(`\$(\w+|\{[^}]*\})`)
	percentName = regexp.MustCompile(`%(\w+)%`)
)

// Expand implements node.Files.
func (f *Files) Expand(name string) (string, error) {
	var refused error
	fill := func(text, variable string) string {
		content, ok := os.LookupEnv(variable)
		if !ok {
			return text
		}
		if !f.visible(variable) {
			if refused == nil {
				refused = node.Fail("", "the path %s uses the environment variable %s, which workflows may not see: "+
					"add it to files.environment in the robot's configuration", name, variable)
			}
			return text
		}
		return content
	}
	out := dollarName.ReplaceAllStringFunc(name, func(text string) string {
		return fill(text, strings.Trim(text[1:], "{}"))
	})
	if runtime.GOOS == "windows" {
		out = percentName.ReplaceAllStringFunc(out, func(text string) string { return fill(text, strings.Trim(text, "%")) })
	}
	return out, refused
}

// visible says whether paths may use an environment variable.
func (f *Files) visible(variable string) bool {
	same := func(known string) bool {
		return known == variable || runtime.GOOS == "windows" && strings.EqualFold(known, variable)
	}
	return f.access.AnyVariable || slices.ContainsFunc(folderVariables, same) || slices.ContainsFunc(f.access.Config.Environment, same)
}
