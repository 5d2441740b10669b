package file

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"casare/node"
	"casare/value"
)

func init() { node.Register("ImageConvertNode", func() node.Node { return new(convert) }) }

// formats are what images can be written as, with their extensions.
var formats = []struct{ name, ext string }{{"PNG", ".png"}, {"JPEG", ".jpg"}, {"WEBP", ".webp"}, {"BMP", ".bmp"}, {"GIF", ".gif"}}

// pictures are the extensions of the files in a folder that are taken for images.
var pictures = []string{".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif"}

// scales are the sizes a form offers, in percent.
var scales = []int64{5, 10, 25, 50, 75, 100}

type convert struct {
	source, output, format, scale   string
	quality                         int64
	overwrite, recursive, dangerous bool

	written, kind node.Opt[string]
	files         node.Opt[value.List]
	count         node.Opt[int64]
	success       bool

	ext     string
	percent int64
}

// Spec describes the type.
func (n *convert) Spec(s *node.Spec) {
	s.Describe("Image Convert", "Writes an image, or every image in a folder, in another format, smaller if wanted. It is turned upright as "+
		"its camera says; JPEG gets a white background. WebP is written without loss, so its quality is always the best; "+
		"of a moving GIF the first picture is taken.")
	s.Category("file")
	n.fields(s)
	s.Example(node.Example{
		Name: "a pixel", Files: map[string]string{"in/p.bmp": pixel}, Given: node.Values{"source_path": "in/p.bmp", "output_format": "PNG"},
		Wanted: node.Values{"output_path": "<any>/in/p.png", "files": []any{"<any>/in/p.png"}, "file_count": 1, "format": "PNG", "success": true},
	})
	s.Example(node.Example{
		Name: "a folder", Files: map[string]string{"in/p.bmp": pixel, "in/notes.txt": ""},
		Given:  node.Values{"source_path": "in", "output_path": "out", "output_format": "GIF", "scale_percent": "50%"},
		Wanted: node.Values{"output_path": "<any>/out", "files": []any{"<any>/out/p.gif"}, "format": "GIF"},
	})
	s.Example(node.Example{
		Name: "no image", Files: map[string]string{"a.png": "text"}, Given: node.Values{"source_path": "a.png"}, Fails: "cannot identify image file",
	})
}

// pixel is a BMP file of one red pixel.
const pixel = "BM\x3a\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x18\x00\x00\x00" +
	"\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x7f\x00"

func (n *convert) fields(s *node.Spec) {
	s.String(node.In, &n.source, "source_path").Must("source_path is required").Widget("file").Shown(node.Essential).
		Says("An image, or a folder of images; a relative path lies in the job's workspace.")
	s.String(node.Param, &n.output, "output_path").Or("").Widget("file").
		Says("Where to write it: a file, or a folder (with / at the end, or one that is there). Beside the image, or in the folder converted, if left out.")
	s.Choice(node.Param, &n.format, "output_format", "PNG", "JPEG", "WEBP", "BMP", "GIF").Or("JPEG").Shown(node.Essential).Says("The format to write.")
	s.Int(node.Param, &n.quality, "quality").Or(85).Min(1).Max(100).Says("Of JPEG: higher is better and larger.")
	s.Choice(node.Param, &n.scale, "scale_percent", "5%", "10%", "25%", "50%", "75%", "100%").Or("100%").Says("The new width and height in percent of the old.")
	s.Bool(node.Param, &n.overwrite, "overwrite").Or(false).Says("Replace files that are there.")
	s.Bool(node.Param, &n.recursive, "recursive").Or(false).Says("Of a folder: also the images in the folders in it.")
	dangerousField(s, &n.dangerous)
	node.Maybe(s, node.Out, &n.written, "output_path").Says("The image, or the folder.")
	node.Maybe(s, node.Out, &n.files, "files").Says("The images that were written.")
	node.Maybe(s, node.Out, &n.count, "file_count").Says("How many there are.")
	node.Maybe(s, node.Out, &n.kind, "format").Says("Their format.")
	successField(s, &n.success)
	s.Effect(node.Idempotent)
	s.When("overwrite", false).Effect(node.Once)
}

// check makes sense of the parameters.
func (n *convert) check() error {
	n.format = strings.ToUpper(n.format)
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.name
		if f.name == n.format {
			n.ext = f.ext
		}
	}
	if n.ext == "" {
		return node.Fail("", "Unsupported format: %s. Supported: %s", n.format, strings.Join(names, ", "))
	}
	if n.quality < 1 || n.quality > 100 {
		return node.Fail("", "quality must be between 1 and 100")
	}
	percent, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(n.scale), "%"), 10, 64)
	if err != nil || !slices.Contains(scales, percent) {
		return node.Fail("", "scale_percent must be one of: 5%%, 10%%, 25%%, 50%%, 75%%, 100%%")
	}
	n.percent = percent
	return nil
}

// Run converts.
func (n *convert) Run(ctx context.Context, r *node.Run) error {
	if err := n.check(); err != nil {
		return err
	}
	source, err := locate(r, n.source, n.dangerous)
	if err != nil {
		return err
	}
	info, err := existing(r, source, "Source image")
	if err != nil {
		return err
	}
	if info.IsDir() {
		return n.folder(ctx, r, source)
	}
	dest, shown, err := n.destination(r, source.abs)
	if err != nil {
		return err
	}
	if err := n.one(r, source.abs, dest, shown); err != nil {
		return err
	}
	n.done(dest, value.List{dest})
	return nil
}

func (n *convert) done(output string, files value.List) {
	n.written, n.files, n.count = node.Some(output), node.Some(files), node.Some(int64(len(files)))
	n.kind, n.success = node.Some(n.format), true
}

// destination is where one image goes, and how an error text says it.
func (n *convert) destination(r *node.Run, source string) (dest, shown string, err error) {
	if n.output == "" {
		dest = withSuffix(source, n.ext)
		if dest == source && !n.overwrite {
			dest = withSuffix(filepath.Join(filepath.Dir(source), stem(filepath.Base(source))+"_converted.x"), n.ext)
		}
		return dest, dest, nil
	}
	p, err := locate(r, n.output, n.dangerous)
	if err != nil {
		return "", "", err
	}
	info, err := look(r, p.abs)
	if err != nil {
		return "", "", err
	}
	if info != nil && info.IsDir() || strings.HasSuffix(filepath.ToSlash(p.shown), "/") {
		return filepath.Join(p.abs, stem(filepath.Base(source))+n.ext), p.shown, nil
	}
	return p.abs, p.shown, nil
}

// folder converts every image in a folder.
func (n *convert) folder(ctx context.Context, r *node.Run, source path) error {
	output := path{shown: filepath.Join(source.abs, "converted"), abs: filepath.Join(source.abs, "converted")}
	if n.output != "" {
		var err error
		if output, err = locate(r, n.output, n.dangerous); err != nil {
			return err
		}
	}
	info, err := look(r, output.abs)
	if err != nil {
		return err
	}
	if info != nil && !info.IsDir() {
		return node.Fail("", "output_path must be a directory when source_path is a folder: %s", output.shown)
	}
	matches, err := glob(ctx, r, source.abs, "*", n.recursive)
	if err != nil {
		return err
	}
	list := value.List{}
	for _, m := range matches {
		if !m.isFile || !slices.Contains(pictures, strings.ToLower(suffix(filepath.Base(m.abs)))) || n.recursive && under(output.abs, m.abs) {
			continue
		}
		rel, err := filepath.Rel(source.abs, m.abs)
		if err != nil {
			return err
		}
		dest := withSuffix(filepath.Join(output.abs, rel), n.ext)
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := n.one(r, m.abs, dest, dest); err != nil {
			return err
		}
		list = append(list, dest)
	}
	if len(list) == 0 {
		return node.Fail("", "No images found in folder: %s", source.abs)
	}
	n.done(output.abs, list)
	return nil
}

// under says whether a path lies in a folder: what was written before is not converted again.
func under(folder, abs string) bool {
	rel, err := filepath.Rel(folder, abs)
	return err == nil && filepath.IsLocal(rel)
}

// one converts one image.
func (n *convert) one(r *node.Run, source, dest, shown string) error {
	over, err := look(r, dest)
	if err != nil {
		return err
	}
	if over != nil && !n.overwrite {
		return node.Fail("", "Destination already exists: %s", shown)
	}
	img, err := readImage(r, source)
	if err != nil {
		return err
	}
	if n.percent != 100 {
		size := func(pixels int) int { return max(1, int(math.RoundToEven(float64(pixels)*float64(n.percent)/100))) }
		img = resize(img, size(img.Bounds().Dx()), size(img.Bounds().Dy()))
	}
	if err := makeParents(r, dest); err != nil {
		return err
	}
	out, err := r.Files().Create(dest)
	if err != nil {
		return failed(err, dest)
	}
	defer out.Discard()
	if err := writeImage(out, img, n.format, int(n.quality)); err != nil {
		return failed(err, dest)
	}
	return failed(out.Commit(), dest)
}
