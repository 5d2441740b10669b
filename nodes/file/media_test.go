package file_test

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/image/bmp"
	_ "golang.org/x/image/webp"

	"casare/internal/files"
	"casare/node"
	"casare/node/nodetest"
	"casare/value"
	"casare/workflow"
)

// drawing is 4 × 2: red above blue on the left, the rest clear.
func drawing() *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, 4, 2))
	for x := range 2 {
		img.Set(x, 0, color.NRGBA{R: 255, A: 255})
		img.Set(x, 1, color.NRGBA{B: 255, A: 255})
	}
	return img
}

func pngOf(t *testing.T, img image.Image) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, png.Encode(&out, img))
	return out.String()
}

func (b *bench) image(name string) (image.Image, string) {
	b.t.Helper()
	img, format, err := image.Decode(strings.NewReader(b.text(name)))
	require.NoError(b.t, err)
	return img, format
}

func rgb(img image.Image, x, y int) [3]int {
	r, g, b, _ := img.At(x, y).RGBA()
	return [3]int{int(r >> 8), int(g >> 8), int(b >> 8)}
}

func TestImage_Formats(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put("in.png", pngOf(t, drawing()))
	for format, ext := range map[string]string{"PNG": "png", "JPEG": "jpg", "WEBP": "webp", "BMP": "bmp", "GIF": "gif"} {
		r := b.ok("ImageConvertNode", node.Values{"source_path": "in.png", "output_path": "out/", "output_format": format, "quality": 100})
		require.Equal(t, b.path("out/in."+ext), r.Output("output_path"))
		img, got := b.image("out/in." + ext)
		require.Equal(t, strings.ToLower(format), got)
		require.Equal(t, image.Rect(0, 0, 4, 2), img.Bounds())
		_, _, _, alpha := img.At(3, 0).RGBA()
		if format == "JPEG" {
			require.Equal(t, uint32(0xFFFF), alpha)
			require.InDelta(t, 255, rgb(img, 3, 0)[1], 60, "clear becomes white")
			continue
		}
		require.Equal(t, [3]int{255, 0, 0}, rgb(img, 0, 0), format)
		require.Equal(t, [3]int{0, 0, 255}, rgb(img, 1, 1), format)
		if format != "BMP" {
			require.Zero(t, alpha, format)
		}
		b.ok("ImageConvertNode", node.Values{"source_path": "out/in." + ext, "output_path": "back/", "output_format": "PNG", "overwrite": true})
	}
}

func TestImage_Destinations(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put("in.jpg", pngOf(t, drawing()))
	r := b.ok("ImageConvertNode", node.Values{"source_path": "in.jpg"})
	require.Equal(t, b.path("in_converted.jpg"), r.Output("output_path"))
	require.Contains(t, b.fails("ImageConvertNode", node.Values{"source_path": "in.jpg"}), "Destination already exists")
	r = b.ok("ImageConvertNode", node.Values{"source_path": "in.jpg", "overwrite": true})
	require.Equal(t, b.path("in.jpg"), r.Output("output_path"))

	b.put("set/a.png", pngOf(t, drawing()))
	b.put("set/deep/b.PNG", pngOf(t, drawing()))
	b.put("set/notes.txt", "")
	for range 2 {
		r = b.ok("ImageConvertNode", node.Values{"source_path": "set", "recursive": true, "overwrite": true, "output_format": "BMP"})
		require.Equal(t, value.List{b.path("set/converted/a.bmp"), b.path("set/converted/deep/b.bmp")}, r.Output("files"))
	}
	b.put("empty/notes.txt", "")
	require.Contains(t, b.fails("ImageConvertNode", node.Values{"source_path": "empty"}), "No images found in folder")
	require.Contains(t, b.fails("ImageConvertNode", node.Values{"source_path": "set", "output_path": "in.jpg"}), "must be a directory")
	for key, bad := range map[string]any{"output_format": "TIFF", "quality": 101, "scale_percent": "33%"} {
		require.NotEmpty(t, b.fails("ImageConvertNode", node.Values{"source_path": "in.jpg", key: bad}), key)
	}
}

func TestImage_Scale(t *testing.T) {
	t.Parallel()
	b := setup(t)
	plain := image.NewRGBA(image.Rect(0, 0, 50, 30))
	for i := range plain.Pix {
		plain.Pix[i] = 200
	}
	b.put("in.png", pngOf(t, plain))
	b.ok("ImageConvertNode", node.Values{"source_path": "in.png", "output_path": "o.png", "output_format": "PNG", "scale_percent": "25%"})
	img, _ := b.image("o.png")
	require.Equal(t, image.Rect(0, 0, 12, 8), img.Bounds(), "halves go to the even number")
	require.InDelta(t, 255, rgb(img, 5, 4)[0], 60)
}

func TestImage_Limit(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *files.Config) { c.MaxImagePixels = 7 })
	b.put("in.png", pngOf(t, drawing()))
	require.Contains(t, b.fails("ImageConvertNode", node.Values{"source_path": "in.png"}), "files.max_image_pixels")
	require.Contains(t, b.fails("QRCodeNode", node.Values{"action": "read", "image_path": "in.png"}), "files.max_image_pixels")
}

// exif is a JPEG file of the drawing on white that says how the camera was held.
func exif(t *testing.T, orientation byte) string {
	t.Helper()
	big := image.NewRGBA(image.Rect(0, 0, 32, 16))
	for y := range 16 {
		for x := range 32 {
			c := color.RGBA{R: 255, G: 255, B: 255, A: 255}
			if x < 16 && y < 8 {
				c = color.RGBA{R: 255, A: 255}
			}
			big.Set(x, y, c)
		}
	}
	var out bytes.Buffer
	require.NoError(t, jpeg.Encode(&out, big, &jpeg.Options{Quality: 100}))
	tiff := "MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00" + string(orientation) + "\x00\x00\x00\x00\x00\x00"
	segment := "Exif\x00\x00" + tiff
	return "\xff\xd8\xff\xe1" + string([]byte{0, byte(len(segment) + 2)}) + segment + out.String()[2:]
}

// The red quarter comes to the corner that each orientation of EXIF means.
func TestImage_Upright(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for orientation, corner := range map[byte]string{
		1: "top left", 2: "top right", 3: "bottom right", 4: "bottom left", 5: "top left", 6: "top right", 7: "bottom right", 8: "bottom left",
	} {
		b.put("in.jpg", exif(t, orientation))
		b.ok("ImageConvertNode", node.Values{"source_path": "in.jpg", "output_path": "o.png", "output_format": "PNG", "overwrite": true})
		img, _ := b.image("o.png")
		bounds := img.Bounds()
		require.Equal(t, orientation >= 5, bounds.Dy() > bounds.Dx())
		x, y := 2, 2
		if strings.HasSuffix(corner, "right") {
			x = bounds.Dx() - 3
		}
		if strings.HasPrefix(corner, "bottom") {
			y = bounds.Dy() - 3
		}
		require.InDelta(t, 0, rgb(img, x, y)[1], 40, "orientation %d", orientation)
		require.InDelta(t, 255, rgb(img, bounds.Dx()-1-x, bounds.Dy()-1-y)[1], 40, "orientation %d", orientation)
	}
}

func TestImage_ManyColoursToGIF(t *testing.T) {
	t.Parallel()
	b := setup(t)
	img := image.NewNRGBA(image.Rect(0, 0, 64, 64))
	for y := range 64 {
		for x := range 64 {
			img.Set(x, y, color.NRGBA{R: uint8(4 * x), G: uint8(4 * y), B: 100, A: uint8(255 * (x / 32))})
		}
	}
	b.put("in.png", pngOf(t, img))
	b.ok("ImageConvertNode", node.Values{"source_path": "in.png", "output_path": "o.gif", "output_format": "GIF"})
	got, err := gif.Decode(strings.NewReader(b.text("o.gif")))
	require.NoError(t, err)
	_, _, _, alpha := got.At(0, 0).RGBA()
	require.Zero(t, alpha)
	require.InDelta(t, 200, rgb(got, 50, 32)[0], 60)
}

func TestQRCode_RoundTrip(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, text := range []string{"https://example.com/?a=1", "Zürich — 東京 ✓", strings.Repeat("x", 500)} {
		r := b.ok("QRCodeNode", node.Values{"data": text, "output_path": "q.png", "size": 400})
		require.Equal(t, b.path("q.png"), r.Output("result"))
		img, _ := b.image("q.png")
		require.Equal(t, image.Rect(0, 0, 400, 400), img.Bounds())
		r = b.ok("QRCodeNode", node.Values{"action": "read", "image_path": "q.png"})
		require.Equal(t, text, r.Output("result"))
		require.Equal(t, true, r.Output("success"))
	}
	r := b.ok("QRCodeNode", node.Values{"data": 15})
	require.Regexp(t, `/qrcode_\d{8}_\d{6}\.png$`, r.Output("result"))
	require.Contains(t, b.fails("QRCodeNode", node.Values{"data": strings.Repeat("x", 5000), "output_path": "big.png"}), "does not fit")
	require.Contains(t, b.fails("QRCodeNode", node.Values{"action": "read", "image_path": "none.png"}), "does not exist: none.png")
	require.Contains(t, b.fails("QRCodeNode", node.Values{"action": "read"}), "Image path is required")
}

// clock is a host whose time passes with each sleep.
type clock struct {
	*nodetest.Host

	now time.Time
}

func (c *clock) Now() time.Time { return c.now }

func TestWatch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config      node.Values
		happens     func(b *bench)
		event, file string
	}{
		"made":                 {nil, func(b *bench) { b.put("d/new", "1") }, "created", "d/new"},
		"changed":              {nil, func(b *bench) { b.put("d/old", "longer") }, "modified", "d/old"},
		"deleted":              {nil, func(b *bench) { _ = os.Remove(b.path("d/old")) }, "deleted", "d/old"},
		"not what is meant":    {node.Values{"events": "delete"}, func(b *bench) { b.put("d/new", "") }, "", ""},
		"empty and new":        {node.Values{"events": "modify"}, func(b *bench) { b.put("d/new", "") }, "", ""},
		"new with content":     {node.Values{"events": "modify"}, func(b *bench) { b.put("d/new", "1") }, "modified", "d/new"},
		"deeper":               {nil, func(b *bench) { b.put("d/e/new", "1") }, "", ""},
		"deeper, when watched": {node.Values{"recursive": true}, func(b *bench) { b.put("d/e/new", "1") }, "created", "d/e/new"},
		"one file":             {node.Values{"watch_path": "d/old"}, func(b *bench) { b.put("d/new", "1") }, "", ""},
		"one file deleted":     {node.Values{"watch_path": "d/old"}, func(b *bench) { _ = os.Remove(b.path("d/old")) }, "deleted", "d/old"},
		"the folder itself":    {nil, func(b *bench) { _ = os.RemoveAll(b.path("d")) }, "deleted", "d/old"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.put("d/old", "1")
			config := node.Values{"watch_path": "d", "timeout": 3}
			maps.Copy(config, c.config)
			bound, problems := node.Default.Bind(&workflow.Step{ID: "n", Type: "FileWatcherNode", Config: config.Dict()})
			require.Empty(t, problems)
			host := &clock{Host: nodetest.NewHost(nil).WithFiles(b.access), now: time.Unix(1_700_000_000, 0)}
			out, err := bound.Exec(t.Context(), host, nil)
			require.NoError(t, err)
			looks := 0
			for ; out.Sleep > 0; looks++ {
				if looks == 1 {
					c.happens(b)
				}
				host.now = host.now.Add(out.Sleep)
				out, err = bound.Resume(t.Context(), host, nil, out.Saved, node.Event{Kind: node.Woken})
				require.NoError(t, err)
			}
			event, _ := out.Outputs.Get("event_type")
			file, _ := out.Outputs.Get("file_path")
			triggered, _ := out.Outputs.Get("triggered")
			timedOut, _ := out.Outputs.Get("timed_out")
			require.Equal(t, c.event, event)
			require.Equal(t, c.event != "", triggered)
			require.Equal(t, c.event == "", timedOut)
			if c.event == "" {
				require.Equal(t, 6, looks)
				return
			}
			require.Equal(t, b.path(c.file), file)
			require.Equal(t, 2, looks)
		})
	}
}

func TestLogToFile(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.ok("LogToFileNode", node.Values{"log_file_path": "l/a.log", "log_message": "é\ntwo", "level": "WARNING"})
	require.Equal(t, int64(2), r.Output("lines_written"))
	require.Regexp(t, `^\[2024-03-15 \d\d:00:00\] \[WARNING\] é\n\[2024-03-15 \d\d:00:00\] \[WARNING\] two\n$`, b.text("l/a.log"))
	b.ok("LogToFileNode", node.Values{"log_file_path": "l/a.log", "log_message": value.NewSecret("hush"), "add_timestamp": false, "append": false})
	require.Equal(t, "[INFO] ***\n", b.text("l/a.log"))
}

func TestImage_ReadsBMPAsWritten(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put("in.png", pngOf(t, drawing()))
	b.ok("StructuredDataSuperNode", node.Values{"action": "Image Convert", "source_path": "in.png", "output_format": "BMP"})
	_, err := bmp.Decode(strings.NewReader(b.text("in.bmp")))
	require.NoError(t, err)
}
