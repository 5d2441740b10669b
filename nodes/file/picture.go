package file

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/color/palette"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math"

	"github.com/HugoSmits86/nativewebp"
	"golang.org/x/image/bmp"
	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // reading it

	"casare/node"
)

// readImage reads an image and turns it upright.
func readImage(r *node.Run, abs string) (image.Image, error) {
	data, err := r.Files().ReadFile(abs)
	if err != nil {
		return nil, failed(err, abs)
	}
	config, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, node.Fail("", "cannot identify image file '%s': %w", abs, err)
	}
	if limit := r.Files().Limits().ImagePixels; int64(config.Width)*int64(config.Height) > limit {
		return nil, node.OverLimit("files.max_image_pixels", "the image %s has %d × %d pixels, more than %d", abs, config.Width, config.Height, limit)
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, node.Fail("", "cannot read image file '%s': %w", abs, err)
	}
	if format == "gif" && img.Bounds() != image.Rect(0, 0, config.Width, config.Height) {
		whole := image.NewNRGBA(image.Rect(0, 0, config.Width, config.Height)) // the first picture may fill only a part
		draw.Draw(whole, img.Bounds(), img, img.Bounds().Min, draw.Src)
		img = whole
	}
	return upright(img, orientation(data)), nil
}

// resize scales as Pillow's LANCZOS does.
func resize(img image.Image, width, height int) image.Image {
	lanczos := draw.Kernel{Support: 3, At: func(t float64) float64 {
		if t == 0 {
			return 1
		}
		x := math.Pi * t
		return 3 * math.Sin(x) * math.Sin(x/3) / (x * x)
	}}
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	lanczos.Scale(out, out.Bounds(), img, img.Bounds(), draw.Src, nil)
	return out
}

// writeImage writes an image in one of the formats.
func writeImage(w io.Writer, img image.Image, format string, quality int) error {
	switch format {
	case "PNG":
		return (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(w, img)
	case "JPEG":
		return jpeg.Encode(w, onWhite(img), &jpeg.Options{Quality: quality})
	case "WEBP":
		return nativewebp.Encode(w, img, nil)
	case "BMP":
		return bmp.Encode(w, img)
	case "GIF":
		return gif.Encode(w, paletted(img), nil)
	}
	return errors.New("no such format: " + format)
}

// opaque says whether an image has no transparent part, as far as it knows.
func opaque(img image.Image) bool {
	o, ok := img.(interface{ Opaque() bool })
	return ok && o.Opaque()
}

// onWhite lays an image on a white ground: JPEG knows no transparency.
func onWhite(img image.Image) image.Image {
	if opaque(img) {
		return img
	}
	out := image.NewRGBA(img.Bounds())
	draw.Draw(out, out.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(out, out.Bounds(), img, img.Bounds().Min, draw.Over)
	return out
}

// paletted makes an image of at most 256 colours: its own where they suffice, else the nearest of a fixed set, errors spread.
func paletted(img image.Image) *image.Paletted {
	if p, ok := img.(*image.Paletted); ok {
		return p
	}
	bounds := img.Bounds()
	if own, ok := colours(img); ok {
		out := image.NewPaletted(bounds, own)
		draw.Draw(out, bounds, img, bounds.Min, draw.Src)
		return out
	}
	set := make(color.Palette, 0, 256)
	set = append(set, palette.Plan9[:255]...)
	if opaque(img) {
		set = append(set, palette.Plan9[255])
	} else {
		set = append(set, color.Transparent)
	}
	out := image.NewPaletted(bounds, set)
	draw.FloydSteinberg.Draw(out, bounds, img, bounds.Min)
	return out
}

// colours lists the colours of an image, when there are at most 256; GIF knows only wholly transparent ones.
func colours(img image.Image) (color.Palette, bool) {
	var list color.Palette
	seen := map[color.RGBA64]bool{}
	bounds := img.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			c, _ := color.RGBA64Model.Convert(img.At(x, y)).(color.RGBA64)
			if seen[c] {
				continue
			}
			if len(list) == 256 || c.A != 0 && c.A != 0xFFFF {
				return nil, false
			}
			seen[c] = true
			list = append(list, c)
		}
	}
	return list, true
}

// orientation reads from a JPEG file how the camera was held: 1 to 8, 1 being upright.
func orientation(data []byte) int {
	if !bytes.HasPrefix(data, []byte("\xff\xd8")) {
		return 1
	}
	for at := 2; at+4 <= len(data) && data[at] == 0xFF; {
		marker, size := data[at+1], int(binary.BigEndian.Uint16(data[at+2:]))
		if marker == 0xDA || size < 2 || at+2+size > len(data) {
			return 1 // the picture itself begins
		}
		segment := data[at+4 : at+2+size]
		if body, ok := bytes.CutPrefix(segment, []byte("Exif\x00\x00")); ok && marker == 0xE1 {
			return exifOrientation(body)
		}
		at += 2 + size
	}
	return 1
}

// exifOrientation looks for the entry in the first directory of a TIFF structure.
func exifOrientation(tiff []byte) int {
	var order binary.ByteOrder = binary.LittleEndian
	if bytes.HasPrefix(tiff, []byte("MM")) {
		order = binary.BigEndian
	}
	if len(tiff) < 8 {
		return 1
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	entries := tiff[at+2:]
	for i := range int(order.Uint16(tiff[at:])) {
		if len(entries) < (i+1)*12 {
			return 1
		}
		entry := entries[i*12:]
		if value := int(order.Uint16(entry[8:])); order.Uint16(entry) == 0x0112 && value >= 1 && value <= 8 {
			return value
		}
	}
	return 1
}

// upright turns and mirrors an image by its orientation.
func upright(img image.Image, orientation int) image.Image {
	if orientation == 1 {
		return img
	}
	b := img.Bounds()
	width, height := b.Dx(), b.Dy()
	if orientation >= 5 {
		width, height = height, width
	}
	out := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			out.Set(x, y, img.At(b.Min.X+sourceX(orientation, x, y, b.Dx()), b.Min.Y+sourceY(orientation, x, y, b.Dy())))
		}
	}
	return out
}

// sourceX and sourceY say which pixel of the image as it was taken comes to x, y.
func sourceX(orientation, x, y, width int) int {
	switch orientation {
	case 2, 3:
		return width - 1 - x
	case 5, 6:
		return y
	case 7, 8:
		return width - 1 - y
	}
	return x
}

func sourceY(orientation, x, y, height int) int {
	switch orientation {
	case 3, 4:
		return height - 1 - y
	case 6, 7:
		return height - 1 - x
	case 5, 8:
		return x
	}
	return y
}
