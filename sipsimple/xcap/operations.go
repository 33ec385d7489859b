package xcap

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
)

// Get fetches a document, or takes the one in the storage if the server says that
// it is still the same. Errors: *[ServerError], [ErrTooLarge], [ErrNotXML], those
// of the network and of the context.
func (c *Client) Get(ctx context.Context, d Document) (Content, error) {
	kept, have := c.kept(d)
	header := http.Header{}
	if have {
		header.Set("If-None-Match", kept.ETag)
	}
	a, err := c.do(ctx, request{method: http.MethodGet, document: d, header: header})
	switch {
	case err != nil:
		if errors.Is(err, fs.ErrNotExist) {
			return Content{}, errors.Join(err, c.drop(d))
		}
		return Content{}, err
	case a.code == http.StatusNotModified && have:
		return kept, nil
	case a.code != http.StatusOK:
		return Content{}, a.failure(http.MethodGet, d)
	}
	content := Content{ETag: a.header.Get("ETag"), Type: a.header.Get("Content-Type"), Data: a.body}
	if isXML(content.Type) {
		if err := checkXML(content.Data); err != nil {
			return Content{}, fmt.Errorf("GET %s: %w", d, err)
		}
	}
	return content, c.keep(d, content)
}

// isXML says whether a media type is XML; a document without a type is taken for
// it.
func isXML(mediaType string) bool {
	mediaType, _, _ = strings.Cut(mediaType, ";")
	mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	return mediaType == "" || strings.HasSuffix(mediaType, "+xml") || strings.HasSuffix(mediaType, "/xml")
}

// Condition is what must be true of the document at the server for a change to be
// made. Its zero value is no condition: whoever comes last wins.
type Condition struct {
	ETag string // it has this entity tag
	New  bool   // it does not exist
}

func (c Condition) header() http.Header {
	h := http.Header{}
	switch {
	case c.New:
		h.Set("If-None-Match", "*")
	case c.ETag != "":
		h.Set("If-Match", c.ETag)
	}
	return h
}

// Put stores a document and returns it with its new entity tag. The data must be
// well-formed XML; content.ETag is not used. Errors are those of [Client.Get];
// [ErrChanged] when the condition is not fulfilled.
func (c *Client) Put(ctx context.Context, d Document, content Content, when Condition) (Content, error) {
	if len(content.Data) > c.cfg.Limit {
		return Content{}, fmt.Errorf("PUT %s: %w", d, ErrTooLarge)
	}
	if err := checkXML(content.Data); err != nil {
		return Content{}, fmt.Errorf("PUT %s: %w", d, err)
	}
	header := when.header()
	header.Set("Content-Type", content.Type)
	if content.Type == "" {
		header.Set("Content-Type", "application/xml")
	}
	a, err := c.do(ctx, request{method: http.MethodPut, document: d, header: header, body: content.Data})
	if err != nil {
		return Content{}, err
	}
	if a.code != http.StatusOK && a.code != http.StatusCreated && a.code != http.StatusNoContent {
		return Content{}, a.failure(http.MethodPut, d)
	}
	content.ETag = a.header.Get("ETag")
	return content, c.keep(d, content)
}

// Delete removes a document. Errors are those of [Client.Put].
func (c *Client) Delete(ctx context.Context, d Document, when Condition) error {
	a, err := c.do(ctx, request{method: http.MethodDelete, document: d, header: when.header()})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.Join(err, c.drop(d))
	case err != nil:
		return err
	case a.code != http.StatusOK && a.code != http.StatusNoContent:
		return a.failure(http.MethodDelete, d)
	}
	return c.drop(d)
}

// kept is the document in the storage. One that cannot be read counts as none.
func (c *Client) kept(d Document) (Content, bool) {
	if c.cfg.Storage == nil || d.stored() == "" {
		return Content{}, false
	}
	data, err := c.cfg.Storage.Load(d.stored())
	if err != nil {
		return Content{}, false
	}
	return decode(data)
}

// keep stores a document, if it can be asked for again by its entity tag.
func (c *Client) keep(d Document, content Content) error {
	if c.cfg.Storage == nil || d.stored() == "" {
		return nil
	}
	if content.ETag == "" || strings.ContainsAny(content.ETag, "\r\n") || checkXML(content.Data) != nil {
		return c.drop(d)
	}
	return c.cfg.Storage.Save(d.stored(), content.encode())
}

func (c *Client) drop(d Document) error {
	if c.cfg.Storage == nil || d.stored() == "" {
		return nil
	}
	return c.cfg.Storage.Delete(d.stored())
}
