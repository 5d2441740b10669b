// Package files gives a job its access to files: a workspace of its own and the folders, called roots, that the robot's configuration
// opens to workflows.
//
// Every access goes through the os.Root of the root that holds the path: the operating system resolves each component below an open
// folder, so neither "..", nor a link, nor a link swapped in between two looks, leads out. On top of that:
//
//   - Of roots that lie within one another the innermost counts, also where a link in the outer one leads into it.
//   - Folders of the robot itself that lie within a root (its data folder under the temporary folder, say) are refused by where a
//     name leads to, links followed. These two look first and act then, so a process of the machine that swaps links meanwhile can
//     move a job between the roots that it may use anyway, or to the robot's data if the operator has put that within one.
//   - Only ordinary files are opened, never waiting for a pipe. A file that has further names (hard links) may have one outside of
//     every root; it is refused unless files.hard_links says otherwise. Replacing such a file is harmless: see Create.
//   - A file is written under a temporary name beside its place and renamed, so that nobody sees half of it.
//   - Whatever grows has a limit, and a refusal names the key of the configuration that changes it.
package files
