package raftstore

import (
	"bytes"

	"go.etcd.io/bbolt"

	"casare"
)

// Mesh is what the state knows of the mesh itself.
type Mesh struct {
	MeshID string
	CACert []byte // DER
	Grown  bool   // three coordinators have existed once
}

const defaultPage = 100

// readRow reads one row by key; what is missing is CodeNotFound, named by what.
func readRow[T any](s *Store, bucket, k []byte, what string) (*T, error) {
	var row T
	err := s.state.view(func(tx *bbolt.Tx) error {
		r, found, err := getRow[T](tx.Bucket(bucket), k)
		if err == nil && !found {
			return casare.Errorf(casare.CodeNotFound, "there is no %s", what)
		}
		row = r
		return err
	})
	if err != nil {
		return nil, err
	}
	return &row, nil
}

// readBytes reads a value that is not a row of ours.
func (s *Store) readBytes(bucket, k []byte, what string) ([]byte, error) {
	var value []byte
	err := s.state.view(func(tx *bbolt.Tx) error {
		v := tx.Bucket(bucket).Get(k)
		if v == nil {
			return casare.Errorf(casare.CodeNotFound, "there is no %s", what)
		}
		value = bytes.Clone(v)
		return nil
	})
	return value, err
}

// readAll decodes every row whose key has the prefix, in the order of the keys.
func readAll[T any](tx *bbolt.Tx, bucket, prefix []byte, each func(row T)) error {
	c := tx.Bucket(bucket).Cursor()
	for k, v := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, v = c.Next() {
		var row T
		if err := decoding.Unmarshal(v, &row); err != nil {
			return err
		}
		each(row)
	}
	return nil
}

// Workflow returns a workflow, else CodeNotFound.
func (s *Store) Workflow(tenant, id string) (*casare.Workflow, error) {
	row, err := readRow[workflowRow](s, bucketWorkflow, key(tenant, id), "workflow "+id)
	if err != nil {
		return nil, err
	}
	return &row.Workflow, nil
}

// Workflows returns a tenant's workflows ordered by id, and how many there are in all. A limit of 0 means 100.
func (s *Store) Workflows(tenant string, limit, offset int) ([]*casare.Workflow, int, error) {
	if limit <= 0 {
		limit = defaultPage
	}
	var page []*casare.Workflow
	total := 0
	err := s.state.view(func(tx *bbolt.Tx) error {
		prefix := key(tenant, "")
		c := tx.Bucket(bucketWorkflow).Cursor()
		for k, v := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, v = c.Next() {
			total++
			if total <= offset || len(page) >= limit {
				continue
			}
			var row workflowRow
			if err := decoding.Unmarshal(v, &row); err != nil {
				return err
			}
			page = append(page, &row.Workflow)
		}
		return nil
	})
	return page, total, err
}

// WorkflowVersions returns every saved version of a workflow, oldest first.
func (s *Store) WorkflowVersions(tenant, id string) ([]*casare.Workflow, error) {
	var all []*casare.Workflow
	err := s.state.view(func(tx *bbolt.Tx) error {
		return readAll(tx, bucketVersion, key(tenant, id, ""), func(w casare.Workflow) { all = append(all, &w) })
	})
	return all, err
}

// Document returns the bytes of a document by revision, else CodeNotFound.
func (s *Store) Document(revision string) ([]byte, error) {
	return s.readBytes(bucketDocument, []byte(revision), "document with revision "+revision)
}

// Robot returns a robot's record, else CodeNotFound.
func (s *Store) Robot(id string) (*casare.Robot, error) {
	return readRow[casare.Robot](s, bucketRobot, []byte(id), "robot "+id)
}

// Robots returns every robot's record, ordered by id.
func (s *Store) Robots() ([]*casare.Robot, error) {
	var all []*casare.Robot
	err := s.state.view(func(tx *bbolt.Tx) error {
		return readAll(tx, bucketRobot, nil, func(r casare.Robot) { all = append(all, &r) })
	})
	return all, err
}

// KeyByHash returns the API key with that SHA-256, also when it is revoked or expired; else CodeNotFound.
func (s *Store) KeyByHash(hash []byte) (*casare.APIKey, error) {
	row, err := readRow[keyRow](s, bucketKey, hash, "such API key")
	if err != nil {
		return nil, err
	}
	return &row.Key, nil
}

// Keys returns a tenant's API keys, ordered by id.
func (s *Store) Keys(tenant string) ([]*casare.APIKey, error) {
	var all []*casare.APIKey
	err := s.state.view(func(tx *bbolt.Tx) error {
		prefix := key(tenant, "")
		c := tx.Bucket(bucketKeyID).Cursor()
		for k, hash := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, hash = c.Next() {
			row, _, err := getRow[keyRow](tx.Bucket(bucketKey), hash)
			if err != nil {
				return err
			}
			all = append(all, &row.Key)
		}
		return nil
	})
	return all, err
}

// Token returns a join token, else CodeNotFound.
func (s *Store) Token(id string) (*casare.Token, error) {
	row, err := readRow[tokenRow](s, bucketToken, []byte(id), "join token "+id)
	if err != nil {
		return nil, err
	}
	return &row.Token, nil
}

// SealedKeys returns the mesh's keys sealed to a robot, else CodeNotFound.
func (s *Store) SealedKeys(robotID string) (*casare.SealedKeys, error) {
	return readRow[casare.SealedKeys](s, bucketSealed, []byte(robotID), "sealed keys for robot "+robotID)
}

// Mesh returns what the state knows of the mesh, else CodeNotFound.
func (s *Store) Mesh() (*Mesh, error) {
	row, err := readRow[meshRow](s, bucketMesh, keyMesh, "mesh yet")
	if err != nil {
		return nil, err
	}
	return &Mesh{MeshID: row.MeshID, CACert: row.CACert, Grown: row.Grown}, nil
}
