"""Adding photos to a contact later."""

from django import forms

from activities.forms.contacts import PictureInput, Pictures
from core.forms import StyledForm


class PhotosForm(StyledForm, forms.Form):
    photos = Pictures(label="照片", widget=PictureInput, required=False)

    def clean_photos(self) -> list[object]:
        uploads: list[object] = self.cleaned_data["photos"]
        if not uploads:
            raise forms.ValidationError("请选择照片。")
        return uploads
