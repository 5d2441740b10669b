package daemon

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
)

// commandNumbers are the command types that the root package declares, by name.
func commandNumbers(t *testing.T) map[string]casare.CommandType {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "*.go"))
	require.NoError(t, err)
	numbers := map[string]casare.CommandType{}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		require.NoError(t, err)
		for _, d := range file.Decls {
			decl, ok := d.(*ast.GenDecl)
			if !ok || decl.Tok != token.CONST {
				continue
			}
			for _, s := range decl.Specs {
				spec, ok := s.(*ast.ValueSpec)
				require.True(t, ok)
				if typ, ok := spec.Type.(*ast.Ident); !ok || typ.Name != "CommandType" {
					continue
				}
				number, ok := spec.Values[0].(*ast.BasicLit)
				require.True(t, ok, "the number of %s stands in its place", spec.Names[0].Name)
				n, err := strconv.ParseUint(number.Value, 10, 8)
				require.NoError(t, err)
				numbers[strings.TrimPrefix(spec.Names[0].Name, "Command")] = casare.CommandType(n)
			}
		}
	}
	return numbers
}

// verdicts is who may propose each command, once more and by hand: a change of the table must be meant.
var verdicts = []struct {
	name    string
	command casare.Command
	by      origin
}{
	{"InitMesh", casare.InitMesh{}, originSystem},
	{"PutWorkflow", casare.PutWorkflow{}, originUser},
	{"SubmitJob", casare.SubmitJob{}, originUser},
	{"AssignJob", casare.AssignJob{}, originScheduler},
	{"StartJob", casare.StartJob{}, originScheduler},
	{"CheckpointJob", casare.CheckpointJob{}, originScheduler},
	{"FinishJob", casare.FinishJob{}, originScheduler},
	{"RejectJob", casare.RejectJob{}, originScheduler},
	{"ReleaseJob", casare.ReleaseJob{}, originScheduler},
	{"ExpireJob", casare.ExpireJob{}, originScheduler},
	{"CancelJob", casare.CancelJob{}, originUser},
	{"PutRobot", casare.PutRobot{}, originScheduler},
	{"CreateToken", casare.CreateToken{}, originUser},
	{"JoinRobot", casare.JoinRobot{}, originSystem},
	{"CreateKey", casare.CreateKey{}, originUser},
	{"RevokeKey", casare.RevokeKey{}, originUser},
	{"SealKeys", casare.SealKeys{}, originSystem},
	{"PruneEvents", casare.PruneEvents{}, originSystem},
	{"MarkGrown", casare.MarkGrown{}, originSystem},
	{"ReferBlobs", casare.ReferBlobs{}, originUser},
	{"ForgetBlobs", casare.ForgetBlobs{}, originSystem},
	{"PutSecret", casare.PutSecret{}, originUser},
	{"DeleteSecret", casare.DeleteSecret{}, originUser},
	{"PutDocument", casare.PutDocument{}, originUser},
	{"StrandJob", casare.StrandJob{}, originScheduler},
	{"ResolveJob", casare.ResolveJob{}, originUser},
}

var origins = []origin{originSystem, originUser, originScheduler}

func TestAuthority_EveryCommandHasARowAndEveryVerdictIsMeant(t *testing.T) {
	t.Parallel()
	numbers := commandNumbers(t)
	require.Greater(t, len(numbers), 20)
	require.Len(t, authority, len(numbers), "the table has rows for commands that are none, or lacks some")
	require.Len(t, verdicts, len(numbers))
	for _, v := range verdicts {
		require.Equal(t, numbers[v.name], v.command.Type(), v.name)
		require.NotEmpty(t, authority[v.command.Type()], v.name)
		for _, from := range origins {
			require.Equal(t, from == v.by, mayPropose(from, v.command.Type()), "%s by origin %d", v.name, from)
		}
	}
	require.False(t, mayPropose(originSystem, 0))
	require.False(t, mayPropose(originSystem, 255), "a command nobody has heard of")
	require.False(t, mayPropose(origin(99), casare.CommandInitMesh))
}

func TestAuthority_AProposerOfTheWrongOriginProposesNothing(t *testing.T) {
	t.Parallel()
	for _, v := range verdicts {
		for _, from := range origins {
			if from == v.by {
				continue
			}
			// There is no store behind it: to reach it would be a panic.
			p := proposer{Store: nil, from: from}
			results, err := p.Propose(t.Context(), casare.Proposal{ID: "x", Command: v.command})
			require.Equal(t, casare.CodeForbidden, casare.CodeOf(err), "%s by origin %d", v.name, from)
			require.Empty(t, results)
			// One that it may propose does not carry another one in.
			for _, allowed := range verdicts {
				if allowed.by == from {
					_, err = p.Propose(t.Context(), casare.Proposal{ID: "y", Command: allowed.command}, casare.Proposal{ID: "x", Command: v.command})
					require.Equal(t, casare.CodeForbidden, casare.CodeOf(err))
					break
				}
			}
		}
	}
}
