package file

import (
	"context"
	"image"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"casare/node"
)

func init() { node.Register("QRCodeNode", func() node.Node { return new(qr) }) }

// The actions of QRCodeNode.
const (
	generate = "generate"
	scan     = "read"
)

// quietZone is how many modules of white stand around a code.
const quietZone = 4

type qr struct {
	action, image, output string
	data                  node.Value
	size                  int64

	result  string
	success bool
}

// Spec describes the type.
func (n *qr) Spec(s *node.Spec) {
	s.Describe("QR Code", "Draws a QR code into a PNG file, or reads the one in an image. In an image without a code it finds nothing and does not fail.")
	s.Category("system")
	s.Choice(node.Param, &n.action, "action", generate, scan).Or(generate).Shown(node.Essential).Says("What to do.")
	s.Any(node.In, &n.data, "data").Or("").Port(node.KindText).Shown(node.Essential).Says("What the code says.")
	s.String(node.Param, &n.image, "image_path").Or("").Widget("file").Says("The image to read.")
	s.String(node.Param, &n.output, "output_path").Or("").Widget("file").
		Says("The PNG file to write; one named by the time, in the job's workspace, if left out.")
	s.Int(node.Param, &n.size, "size").Or(200).Min(50).Max(1000).Says("Width and height in pixels.")
	s.String(node.Out, &n.result, "result").Says("The file that was written, or what the code says.")
	successField(s, &n.success)
	s.When("action", generate).Effect(node.Idempotent)
	s.When("action", scan).Effect(node.Read)
	s.Example(node.Example{
		Name: generate, Given: node.Values{"data": "https://example.com", "output_path": "codes/a.png"},
		Wanted: node.Values{"result": "<any>/codes/a.png", "success": true},
	})
	s.Example(node.Example{
		Name: scan, Files: map[string]string{"p.bmp": pixel}, Given: node.Values{"action": scan, "image_path": "p.bmp"},
		Wanted: node.Values{"result": "", "success": false},
	})
	s.Example(node.Example{Name: "nothing to say", Fails: "Data is required for QR code generation"})
}

// Run draws or reads.
func (n *qr) Run(_ context.Context, r *node.Run) error {
	if n.action == generate {
		return n.generate(r)
	}
	return n.read(r)
}

func (n *qr) generate(r *node.Run) error {
	text := printed(n.data)
	if text == "" {
		return node.Fail(node.TypeInput, "Data is required for QR code generation")
	}
	if n.size < 1 || n.size > 10_000 {
		return node.Fail(node.TypeInput, "size must be between 1 and 10000 pixels, not %d", n.size)
	}
	output := n.output
	if output == "" {
		output = "qrcode_" + r.Now().Local().Format("20060102_150405") + ".png"
	}
	abs, err := r.Files().Path(output)
	if err != nil {
		return err
	}
	code, err := qrcode.NewQRCodeWriter().Encode(text, gozxing.BarcodeFormat_QR_CODE, 0, 0, map[gozxing.EncodeHintType]any{
		gozxing.EncodeHintType_MARGIN: quietZone, gozxing.EncodeHintType_ERROR_CORRECTION: "L", gozxing.EncodeHintType_CHARACTER_SET: "UTF-8",
	})
	if err != nil {
		return node.Fail("", "this does not fit into a QR code: %w", err)
	}
	img := drawn(code, int(n.size))
	if err := makeParents(r, abs); err != nil {
		return err
	}
	out, err := r.Files().Create(abs)
	if err != nil {
		return failed(err, abs)
	}
	defer out.Discard()
	if err := writeImage(out, img, "PNG", 0); err != nil {
		return failed(err, abs)
	}
	if err := out.Commit(); err != nil {
		return failed(err, abs)
	}
	n.result, n.success = abs, true
	return nil
}

// drawn is the code in black on white, as large as asked for.
func drawn(code *gozxing.BitMatrix, size int) image.Image {
	img := image.NewGray(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			if !code.Get(x*code.GetWidth()/size, y*code.GetHeight()/size) {
				img.Pix[y*img.Stride+x] = 0xFF
			}
		}
	}
	return img
}

func (n *qr) read(r *node.Run) error {
	if n.image == "" {
		return node.Fail("", "Image path is required or does not exist: ")
	}
	abs, err := r.Files().Path(n.image)
	if err != nil {
		return err
	}
	info, err := look(r, abs)
	if err != nil {
		return err
	}
	if info == nil {
		return node.Fail("", "Image path is required or does not exist: %s", n.image)
	}
	img, err := readImage(r, abs)
	if err != nil {
		return err
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(onWhite(img))
	if err != nil {
		return node.Fail("", "read the image %s: %w", abs, err)
	}
	found, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
	if err != nil {
		return nil //nolint:nilerr // an image without a code that can be read is an answer: success is false
	}
	n.result, n.success = found.GetText(), true
	return nil
}
